/* A load generator that checks what it receives: closed loop, or open loop at a fixed rate.
 *
 * One thread, epoll, HTTP/1.1 keep-alive to 127.0.0.1, one request at a time on each connection.
 * Closed loop: every connection asks again as soon as it is answered. Open loop (--rate): requests are
 * due at fixed times whether or not earlier ones came back, and latency counts from the due time, so a
 * system that stalls cannot hide it. Only requests due inside the measured window are timed, and the
 * loader waits for the late ones. Every answer must have status 200, a proper end of message, and hold
 * all texts given with --expect; anything else is counted as bad and the first one is shown.
 *
 * usage: load PORT PATH BODY_FILE [--connections N] [--seconds S] [--warmup S] [--rate R]
 *             [--header "Name: value"]... [--expect TEXT]...
 * `best_rps` is the rate of the best fifth of a second, less one answer for each connection, which may
 * have been waiting there: a lower bound of what the system does while nobody takes its processor away.
 * prints "begin" and "end" at the edges of the measured window, then one JSON object (microseconds).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
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

enum { READ_BYTES = 65536, HEAD_BYTES = 16384, BODY_BYTES = 65536, MAX_EVENTS = 256, MAX_EXPECT = 4 };
enum { MAX_STRETCHES = 1000, STRETCH_NS = 200000000 };
enum { MAX_SAMPLES = 2000000, GRACE_SECONDS = 10 };

typedef enum { HEAD, FIXED, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TRAILER, UNTIL_CLOSE, DONE, BROKEN } State;

typedef struct {
    int fd;
    int busy;
    State state;
    uint64_t due_ns, first_byte_ns;
    long remaining;                 /* bytes left of the body, or of the present chunk */
    int head_length, body_length;
    char head[HEAD_BYTES];          /* status line and headers; later chunk-size and trailer lines */
    char body[BODY_BYTES];          /* decoded body, for the content check */
    int status;
} Connection;

static int port, poll_fd, connection_count = 16;
static Connection *connections;
static char request[131072];
static int request_bytes;
static const char *expected[MAX_EXPECT];
static int expected_count;
static uint64_t window_start, window_end;
static uint32_t *totals, *first_bytes;  /* tenths of a microsecond */
static long in_stretch[MAX_STRETCHES];
static long samples;
static long completed, in_window, bad, broken, timed_open;

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int connect_one(Connection *c) {
    int one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    c->busy = 0;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(c->fd, (void *)&address, sizeof address)) {
        close(c->fd);
        c->fd = -1;
        return -1;
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd,
              &(struct epoll_event){.events = EPOLLIN, .data.u32 = (uint32_t)(c - connections)});
    return 0;
}

static void drop(Connection *c) {
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    c->busy = 0;
}

static void ask(Connection *c, uint64_t due) {
    if (c->fd < 0 && connect_one(c)) {
        broken++;
        return;
    }
    c->due_ns = due;
    c->first_byte_ns = 0;
    c->state = HEAD;
    c->head_length = c->body_length = c->status = 0;
    c->busy = 1;
    if (send(c->fd, request, (size_t)request_bytes, MSG_NOSIGNAL) != request_bytes) {
        broken++;
        drop(c);
    }
}

static void keep_body(Connection *c, const char *bytes, long count) {
    long room = BODY_BYTES - 1 - c->body_length;
    if (count > room) count = room;
    memcpy(c->body + c->body_length, bytes, (size_t)count);
    c->body_length += (int)count;
}

static State after_head(Connection *c) {
    c->head[c->head_length] = 0;
    c->status = c->head_length > 12 ? atoi(c->head + 9) : 0;
    char *field = strcasestr(c->head, "\r\ncontent-length:");
    if (field) {
        c->remaining = atol(field + 17);
        return c->remaining ? FIXED : DONE;
    }
    c->head_length = 0;
    return strcasestr(c->head, "\r\ntransfer-encoding: chunked") ? CHUNK_SIZE : UNTIL_CLOSE;
}

/* One byte of a line (status line, headers, chunk size, trailer) into c->head; 1 when it ends a line. */
static int line_byte(Connection *c, char byte) {
    if (c->head_length >= HEAD_BYTES - 1) {
        c->state = BROKEN;
        return 0;
    }
    c->head[c->head_length++] = byte;
    return byte == '\n';
}

static void line_ended(Connection *c) {
    if (c->state == HEAD) {
        if (c->head_length >= 4 && !memcmp(c->head + c->head_length - 4, "\r\n\r\n", 4))
            c->state = after_head(c);
    } else if (c->state == CHUNK_SIZE) {
        c->head[c->head_length] = 0;
        c->remaining = strtol(c->head, 0, 16);
        c->state = c->remaining ? CHUNK_DATA : TRAILER;
        c->head_length = 0;
    } else if (c->state == CHUNK_END) {
        c->state = c->head_length == 2 ? CHUNK_SIZE : BROKEN;
        c->head_length = 0;
    } else { /* TRAILER: an empty line ends the message */
        c->state = c->head_length == 2 ? DONE : TRAILER;
        c->head_length = 0;
    }
}

static void feed(Connection *c, const char *bytes, long count) {
    for (long i = 0; i < count && c->state < DONE;) {
        if (c->state == FIXED || c->state == CHUNK_DATA || c->state == UNTIL_CLOSE) {
            long take = count - i;
            if (c->state != UNTIL_CLOSE && take > c->remaining) take = c->remaining;
            keep_body(c, bytes + i, take);
            i += take;
            c->remaining -= take;
            if (c->state != UNTIL_CLOSE && c->remaining == 0) c->state = c->state == FIXED ? DONE : CHUNK_END;
        } else if (line_byte(c, bytes[i++])) {
            line_ended(c);
        }
    }
}

static void show_once(const Connection *c, const char *why) {
    static int shown;
    if (shown++) return;
    fprintf(stderr, "first bad answer (%s), status %d: %.600s\n", why, c->status, c->body);
}

static int good(Connection *c) {
    c->body[c->body_length] = 0;
    if (c->status != 200) {
        show_once(c, "status");
        return 0;
    }
    for (int i = 0; i < expected_count; i++) {
        if (!memmem(c->body, (size_t)c->body_length, expected[i], strlen(expected[i]))) {
            show_once(c, "content");
            return 0;
        }
    }
    return 1;
}

static uint32_t tenths(uint64_t ns) {
    return ns / 100 > UINT32_MAX ? UINT32_MAX : (uint32_t)(ns / 100);
}

static void finish(Connection *c, int open_loop) {
    uint64_t now = now_ns();
    c->busy = 0;
    completed++;
    int is_good = good(c);
    if (!is_good) bad++;
    uint64_t moment = open_loop ? c->due_ns : now;
    if (moment < window_start || moment >= window_end) return;
    if (open_loop) timed_open--;
    if (is_good) in_window++;
    uint64_t stretch = (moment - window_start) / STRETCH_NS;
    if (is_good && stretch < MAX_STRETCHES) in_stretch[stretch]++;
    if (samples < MAX_SAMPLES) {
        totals[samples] = tenths(now - c->due_ns);
        first_bytes[samples++] = tenths(c->first_byte_ns - c->due_ns);
    }
}

/* Returns 1 when the connection is free for the next request. */
static int on_readable(Connection *c, int open_loop) {
    static char bytes[READ_BYTES];
    ssize_t got = recv(c->fd, bytes, sizeof bytes, 0);
    if (got <= 0) {
        int was_busy = c->busy, whole = c->busy && c->state == UNTIL_CLOSE;
        drop(c);
        if (whole) finish(c, open_loop);
        else if (was_busy) broken++;
        return was_busy;
    }
    if (!c->busy) {
        drop(c); /* bytes nobody asked for */
        broken++;
        return 0;
    }
    if (!c->first_byte_ns) c->first_byte_ns = now_ns();
    feed(c, bytes, got);
    if (c->state == BROKEN) {
        broken++;
        drop(c);
        return 1;
    }
    if (c->state != DONE) return 0;
    finish(c, open_loop);
    return 1;
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static double percentile(const uint32_t *sorted, double p) {
    return samples ? sorted[(long)(p * (double)(samples - 1) + 0.5)] / 10.0 : 0;
}

static double best_rate(void) {
    long best = 0;
    for (int i = 0; i < MAX_STRETCHES; i++)
        if (in_stretch[i] > best) best = in_stretch[i];
    best -= connection_count;
    return best > 0 ? (double)best * 1e9 / STRETCH_NS : 0;
}

static Connection *idle_connection(void) {
    static int turn;
    for (int i = 0; i < connection_count; i++) {
        Connection *c = &connections[(turn + i) % connection_count];
        if (!c->busy) {
            turn = (int)(c - connections) + 1;
            return c;
        }
    }
    return 0;
}

static void wait_and_read(uint64_t until, int open_loop, uint64_t stop_asking) {
    struct epoll_event events[MAX_EVENTS];
    uint64_t now = now_ns(), left = until > now ? until - now : 0;
    struct timespec wait = {(time_t)(left / 1000000000u), (long)(left % 1000000000u)};
    int n = epoll_pwait2(poll_fd, events, MAX_EVENTS, &wait, 0);
    for (int i = 0; i < n; i++) {
        Connection *c = &connections[events[i].data.u32];
        if (c->fd < 0) continue;
        int is_free = on_readable(c, open_loop);
        if (is_free && !open_loop && now_ns() < stop_asking) {
            if (c->fd < 0 && broken > 1000) usleep(1000); /* do not spin on a dead system */
            ask(c, now_ns());
        }
    }
}

/* Tells the harness where the window lies, so that it can read the processor time at both edges.
 * Returns the next edge. */
static uint64_t announce_edges(void) {
    static int announced;
    uint64_t now = now_ns();
    if (announced == 0 && now >= window_start) {
        puts("begin");
        announced = 1;
    }
    if (announced == 1 && now >= window_end) {
        puts("end");
        announced = 2;
    }
    fflush(stdout);
    return announced == 0 ? window_start : announced == 1 ? window_end : UINT64_MAX;
}

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void run_closed(void) {
    for (int i = 0; i < connection_count; i++) ask(&connections[i], now_ns());
    while (now_ns() < window_end) wait_and_read(announce_edges(), 0, window_end);
}

static void run_open(double rate, uint64_t start) {
    uint64_t step = (uint64_t)(1e9 / rate), due = start, last = window_end + GRACE_SECONDS * 1000000000ull;
    while (now_ns() < last && (due < window_end || timed_open > 0)) {
        Connection *c;
        while (due < window_end && due <= now_ns() && (c = idle_connection())) {
            if (due >= window_start) timed_open++;
            ask(c, due);
            due += step;
        }
        /* Nothing is due, or no connection is free: then an answer has to come first. */
        uint64_t until = due < window_end && due > now_ns() ? due : last;
        wait_and_read(earlier(until, announce_edges()), 1, 0);
    }
    while (due < window_end) { /* due, but the system never freed a connection for them */
        timed_open++;
        due += step;
    }
}

static void build_request(const char *path, const char *body_file, const char *headers) {
    static char body[65536];
    FILE *file = fopen(body_file, "r");
    if (!file) {
        perror(body_file);
        exit(2);
    }
    size_t length = fread(body, 1, sizeof body, file);
    fclose(file);
    request_bytes = snprintf(request, sizeof request,
                             "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                             "Accept: */*\r\n%sContent-Length: %zu\r\n\r\n",
                             path, port, headers, length);
    memcpy(request + request_bytes, body, length);
    request_bytes += (int)length;
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    double seconds = 3, warmup = 1, rate = 0;
    char headers[8192] = "";
    if (argc < 4) return 2;
    port = atoi(argv[1]);
    for (int i = 4; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (!strcmp(name, "--connections")) connection_count = atoi(value);
        else if (!strcmp(name, "--seconds")) seconds = atof(value);
        else if (!strcmp(name, "--warmup")) warmup = atof(value);
        else if (!strcmp(name, "--rate")) rate = atof(value);
        else if (!strcmp(name, "--expect") && expected_count < MAX_EXPECT) expected[expected_count++] = value;
        else if (!strcmp(name, "--header")) strcat(strcat(headers, value), "\r\n");
        else return 2;
    }
    build_request(argv[2], argv[3], headers);
    totals = calloc(MAX_SAMPLES, sizeof *totals);
    first_bytes = calloc(MAX_SAMPLES, sizeof *first_bytes);
    connections = calloc((size_t)connection_count, sizeof *connections);
    poll_fd = epoll_create1(0);
    for (int i = 0; i < connection_count; i++) {
        if (connect_one(&connections[i])) {
            fprintf(stderr, "cannot connect to port %d\n", port);
            return 1;
        }
    }
    uint64_t start = now_ns();
    window_start = start + (uint64_t)(warmup * 1e9);
    window_end = window_start + (uint64_t)(seconds * 1e9);
    if (rate > 0) run_open(rate, start);
    else run_closed();
    announce_edges();
    qsort(totals, (size_t)samples, sizeof *totals, ascending);
    qsort(first_bytes, (size_t)samples, sizeof *first_bytes, ascending);
    printf("{\"rps\":%.1f,\"best_rps\":%.1f,\"completed\":%ld,\"bad\":%ld,\"broken\":%ld,\"unfinished\":%ld,"
           "\"p10_us\":%.1f,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"first_p10_us\":%.1f,\"first_p50_us\":%.1f,\"first_p99_us\":%.1f}\n",
           (double)in_window / seconds, best_rate(), completed, bad, broken, timed_open, percentile(totals, .1), percentile(totals, .5),
           percentile(totals, .9), percentile(totals, .99), percentile(first_bytes, .1), percentile(first_bytes, .5),
           percentile(first_bytes, .99));
    return 0;
}
