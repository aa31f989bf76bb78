/* <script src="https://GATEWAY/v1/feedback.js" data-key="A FEEDBACK KEY" defer></script>
	 <div data-teppan-trace="tr_..."></div> or teppan.send({trace_id, ...}) */
(() => {
	const { src, dataset } = document.currentScript;
	const make = () => Math.random().toString(36).slice(2) + Date.now();
	const keep = (item, value) => {
		try {
			if (value) localStorage.setItem(item, value);
			return localStorage.getItem(item);
		} catch {}
	};
	const user = dataset.user || keep("teppan-user") || make();
	keep("teppan-user", user);
	const waiting = JSON.parse(keep("teppan-unsent") || "{}"); // by trace
	const save = () => keep("teppan-unsent", JSON.stringify(waiting));
	const busy = {}, drafts = [];

	const post = ({ id, said }) =>
		fetch((dataset.gateway || new URL(src).origin) + "/v1/feedback", {
			method: "POST",
			keepalive: true, // outlives it
			credentials: "omit",
			headers: {
				authorization: "Bearer " + dataset.key,
				"content-type": "application/json",
				"idempotency-key": id,
			},
			body: JSON.stringify(said),
		}).then((got) => got.status, () => 0);

	async function push(trace) {
		for (let tries = 0; tries < 6; tries++) {
			if (tries) await new Promise((go) => setTimeout(go, 500 * 2 ** tries));
			const word = waiting[trace];
			const status = await post(word);
			if (!status || status > 499 || [408, 409, 429].includes(status)) continue;
			if (waiting[trace] === word) {
				delete waiting[trace];
				save();
				return status === 200;
			}
			tries = -1; // something newer was said
		}
	}
	const start = (trace) => (busy[trace] ??= push(trace).finally(() => delete busy[trace]));

	function send(said) {
		waiting[said.trace_id] = { id: make(), said: { user, ...said } };
		save();
		return start(said.trace_id);
	}

	function widget(element, trace) {
		const said = { trace_id: trace };
		const box = document.createElement("textarea");
		const say = async (more) => {
			Object.assign(said, more, { comment: box.value || undefined });
			element.dataset.state = "sending";
			element.dataset.state = (await send({ ...said })) ? "sent" : "failed";
		};
		const button = (text, label, more) => {
			const made = document.createElement("button");
			Object.assign(made, { type: "button", textContent: text, ariaLabel: label });
			made.onclick = () => say(more);
			element.append(made);
		};
		button("👍", "good", { thumbs: "up", stars: undefined });
		button("👎", "bad", { thumbs: "down", stars: undefined });
		for (let n = 1; n < 6; n++) button("★", n + " of 5", { stars: n, thumbs: undefined });
		Object.assign(box, { placeholder: "Why?", maxLength: 4000 });
		box.onchange = () => say();
		drafts.push(() => box.value && box.value !== said.comment && say());
		element.append(box);
	}

	addEventListener("pagehide", () => {
		drafts.forEach((draft) => draft());
		for (const trace in waiting) post(waiting[trace]);
	});
	Object.keys(waiting).forEach(start);
	window.teppan = { send, widget };
	for (const each of document.querySelectorAll("[data-teppan-trace]"))
		widget(each, each.dataset.teppanTrace);
})();
