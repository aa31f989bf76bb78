/* A vendor that answers at once: the fixed point every gateway is measured against.
 *
 * One thread, epoll, HTTP/1.1 keep-alive, loopback only. Any POST is answered with a chat completion of
 * about 1 KB; a POST whose body asks for "stream": true is answered with 20 chunks, GAP milliseconds
 * apart, then a usage chunk and [DONE]. Nothing is allocated while serving.
 *
 * usage: upstream PORT [GAP_MS]      (PORT 0 picks a free one; the first line of stdout is the port)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 8192, REQUEST_BYTES = 65536, CHUNKS = 21, MAX_EVENTS = 256 };

typedef struct {
    char *request;      /* bytes of the request read so far */
    int length;
    uint32_t life;      /* raised on close, so that a timer of the old connection does nothing */
    int next_chunk;
} Connection;

typedef struct {
    uint64_t due_ns;
    int fd;
    uint32_t life;
} Timer;

static Connection connections[MAX_CONNECTIONS];

/* Every timer waits the same gap, so a ring in order of arrival is also in order of time. */
static Timer timers[1 << 16];
static uint32_t timer_head, timer_tail;
static uint64_t gap_ns = 5000000;

static char completion[4096];
static int completion_length;
static char stream_head[256];
static int stream_head_length;
static char chunks[CHUNKS][1024];
static int chunk_lengths[CHUNKS];

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void build_completion(void) {
    static const char sentence[] =
        "Sunlight holds every colour, and air scatters the short waves far more than the long ones. ";
    char content[700] = "";
    for (int i = 0; i < 5; i++) strcat(content, sentence);
    strcat(content, "That is Rayleigh scattering.");
    char body[3000];
    int length = snprintf(
        body, sizeof body,
        "{\"id\":\"chatcmpl-bench0123456789abcdefghij\",\"object\":\"chat.completion\",\"created\":1790000000,"
        "\"model\":\"bench-model-2026\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
        "\"content\":\"%s\",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
        "\"usage\":{\"prompt_tokens\":42,\"completion_tokens\":112,\"total_tokens\":154,"
        "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},"
        "\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0,"
        "\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}},"
        "\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\"}",
        content);
    completion_length = snprintf(completion, sizeof completion,
                                 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                 "Content-Length: %d\r\nx-request-id: req_bench\r\n\r\n%s",
                                 length, body);
}

static void build_chunk(int index, const char *rest, const char *after) {
    char event[900];
    int length = snprintf(event, sizeof event,
                          "data: {\"id\":\"chatcmpl-bench0123456789abcdefghij\","
                          "\"object\":\"chat.completion.chunk\",\"created\":1790000000,"
                          "\"model\":\"bench-model-2026\",\"system_fingerprint\":\"fp_bench\",%s}\n\n%s",
                          rest, after);
    const char *last = index == CHUNKS - 1 ? "0\r\n\r\n" : "";
    chunk_lengths[index] =
        snprintf(chunks[index], sizeof chunks[index], "%x\r\n%s\r\n%s", length, event, last);
}

static void build_stream(void) {
    stream_head_length = snprintf(stream_head, sizeof stream_head,
                                  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                                  "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n");
    build_chunk(0,
                "\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},"
                "\"logprobs\":null,\"finish_reason\":null}],\"usage\":null",
                "");
    for (int i = 1; i < CHUNKS - 2; i++) {
        char rest[256];
        snprintf(rest, sizeof rest,
                 "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" token%d\"},"
                 "\"logprobs\":null,\"finish_reason\":null}],\"usage\":null",
                 i);
        build_chunk(i, rest, "");
    }
    build_chunk(CHUNKS - 2,
                "\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
                "\"usage\":null",
                "");
    build_chunk(CHUNKS - 1,
                "\"choices\":[],\"usage\":{\"prompt_tokens\":42,\"completion_tokens\":38,"
                "\"total_tokens\":80,\"prompt_tokens_details\":{\"cached_tokens\":0}}",
                "data: [DONE]\n\n");
}

static void send_all(int fd, const char *bytes, int length) {
    while (length > 0) {
        ssize_t sent = send(fd, bytes, (size_t)length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            usleep(50); /* a stopped peer with a full socket: wait rather than lose bytes */
            continue;
        }
        if (sent < 0) return;
        bytes += sent;
        length -= (int)sent;
    }
}

static void send_next_chunk(int fd, uint64_t now) {
    Connection *c = &connections[fd];
    send_all(fd, chunks[c->next_chunk], chunk_lengths[c->next_chunk]);
    if (++c->next_chunk < CHUNKS)
        timers[timer_tail++ & 0xffff] = (Timer){now + gap_ns, fd, c->life};
}

static void answer(int fd, int streamed) {
    if (!streamed) {
        send_all(fd, completion, completion_length);
        return;
    }
    send_all(fd, stream_head, stream_head_length);
    connections[fd].next_chunk = 0;
    send_next_chunk(fd, now_ns());
}

static void close_connection(int fd) {
    close(fd);
    connections[fd].life++;
    connections[fd].length = 0;
}

/* Length of the first complete request in the buffer, 0 while it is incomplete. */
static int request_length(const Connection *c, int *head) {
    char *end = memmem(c->request, (size_t)c->length, "\r\n\r\n", 4);
    if (!end) return 0;
    *head = (int)(end - c->request) + 4;
    char *field = strcasestr(c->request, "\r\ncontent-length:");
    if (field && field < end) {
        int total = *head + atoi(field + 17);
        return c->length >= total ? total : 0;
    }
    field = strcasestr(c->request, "\r\ntransfer-encoding: chunked");
    if (!field || field > end) return *head;
    char *last = strstr(end, "\r\n0\r\n\r\n");
    return last ? (int)(last - c->request) + 7 : 0;
}

static void on_readable(int fd) {
    Connection *c = &connections[fd];
    if (!c->request) c->request = malloc(REQUEST_BYTES);
    ssize_t got = recv(fd, c->request + c->length, (size_t)(REQUEST_BYTES - 1 - c->length), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        close_connection(fd);
        return;
    }
    c->length += (int)got;
    c->request[c->length] = 0;
    int head = 0, total;
    while (c->length && (total = request_length(c, &head))) {
        char *body = c->request + head;
        size_t size = (size_t)(total - head);
        int streamed = memmem(body, size, "\"stream\":true", 13) || memmem(body, size, "\"stream\": true", 14);
        answer(fd, streamed);
        c->length -= total;
        memmove(c->request, c->request + total, (size_t)c->length + 1);
    }
}

static void accept_all(int listener, int poll) {
    int fd, one = 1;
    while ((fd = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
        if (fd >= MAX_CONNECTIONS) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        connections[fd].length = 0;
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
    }
}

static int fire_due_timers(struct timespec *until_next) {
    uint64_t now = now_ns();
    while (timer_head != timer_tail) {
        Timer t = timers[timer_head & 0xffff];
        if (t.due_ns > now) {
            until_next->tv_sec = (time_t)((t.due_ns - now) / 1000000000u);
            until_next->tv_nsec = (long)((t.due_ns - now) % 1000000000u);
            return 1;
        }
        timer_head++;
        if (connections[t.fd].life == t.life) send_next_chunk(t.fd, t.due_ns);
    }
    return 0;
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    if (argc > 2) gap_ns = (uint64_t)(atof(argv[2]) * 1e6);
    build_completion();
    build_stream();
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (void *)&address, size) || listen(listener, 4096)) {
        perror("upstream");
        return 1;
    }
    getsockname(listener, (void *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    int poll = epoll_create1(0);
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.fd = listener});
    struct epoll_event events[MAX_EVENTS];
    for (;;) {
        struct timespec wait;
        int waiting = fire_due_timers(&wait);
        int n = epoll_pwait2(poll, events, MAX_EVENTS, waiting ? &wait : 0, 0);
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == listener) accept_all(listener, poll);
            else on_readable(events[i].data.fd);
        }
    }
}
