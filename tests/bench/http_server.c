/* A loopback server of chat completions for `tests.bench.http`: one thread, epoll, the same latency for every answer.

   The rule: it knows HTTP/1.1 with Content-Length and keep-alive, and no more; a body's fate depends on the body alone,
   and only its first try can fail. It prints its port, then serves until its standard input ends; GET /stats counts.

     --latency-ms MS   wait before each answer (refusals come at once)      --rps N --burst N   a token bucket: else 429
     --faults          13 % of bodies fail once: 429 5, 500 2, and 1 each of 503, reset, drop, cut JSON, no choices, null */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FD = 65536, MAX_HEAD = 16384, LINGER_RESET = 0 };

typedef enum { GOOD, R429, R500, R503, RESET, DROP, CUT, EMPTY, NOTHING, LIMITED, KINDS } Kind;
static const char *NAMES[KINDS] = {"good", "429", "500", "503", "reset", "drop", "cut", "empty", "null", "limited"};
static const int PER_CENT[KINDS] = {[R429] = 5, [R500] = 2, [R503] = 1, [RESET] = 1,
                                    [DROP] = 1, [CUT] = 1,  [EMPTY] = 1, [NOTHING] = 1};

typedef struct { char *bytes; size_t held, room; uint32_t serial; int open; } Connection;
typedef struct { int64_t due; uint64_t hash; int fd; uint32_t serial; Kind kind; } Pending;

static Connection connections[MAX_FD];
static Pending *pending; /* a ring: one latency for all, so answers fall due in the order of their requests */
static size_t ring = 1 << 16, first, waiting, most;
static uint64_t *seen;
static size_t seen_room = 1 << 16, seen_held;
static int64_t latency, counts[KINDS], requests, accepted;
static double rate, burst, tokens;
static int64_t filled;
static int faults, epoll;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static uint64_t hash_of(const char *bytes, size_t size) {
  uint64_t hash = 14695981039346656037ULL; /* FNV-1a, then mixed, so that its low digits are even */
  for (size_t i = 0; i < size; i++) hash = (hash ^ (unsigned char)bytes[i]) * 1099511628211ULL;
  hash ^= hash >> 32, hash *= 0xd6e8feb86659fd93ULL, hash ^= hash >> 32;
  return hash ? hash : 1;
}

static int seen_before(uint64_t hash) {
  if (2 * ++seen_held > seen_room) {
    uint64_t *old = seen;
    size_t old_room = seen_room;
    seen = calloc(seen_room *= 2, sizeof *seen);
    for (size_t i = 0; i < old_room; i++)
      if (old[i]) {
        size_t at = old[i] & (seen_room - 1);
        while (seen[at]) at = (at + 1) & (seen_room - 1);
        seen[at] = old[i];
      }
    free(old);
  }
  size_t at = hash & (seen_room - 1);
  for (; seen[at]; at = (at + 1) & (seen_room - 1))
    if (seen[at] == hash) return seen_held--, 1;
  seen[at] = hash;
  return 0;
}

static Kind fate_of(uint64_t hash) {
  if (rate > 0) {
    int64_t t = now();
    tokens += (double)(t - filled) / 1e9 * rate, filled = t;
    if (tokens > burst) tokens = burst;
    if (tokens < 1) return LIMITED;
    tokens -= 1;
  }
  if (!faults || seen_before(hash)) return GOOD;
  int drawn = (int)(hash / 7919 % 100);
  for (Kind kind = R429; kind <= NOTHING; kind++)
    if ((drawn -= PER_CENT[kind]) < 0) return kind;
  return GOOD;
}

static void shut(int fd) {
  Connection *c = &connections[fd];
  free(c->bytes);
  *c = (Connection){.serial = c->serial + 1};
  close(fd);
}

static void send_all(int fd, const char *bytes, size_t size) {
  while (size) {
    ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
      struct pollfd writable = {.fd = fd, .events = POLLOUT};
      if (poll(&writable, 1, 1000) == 1) continue;
    }
    if (sent < 0) return;
    bytes += sent, size -= (size_t)sent;
  }
}

static void respond(int fd, int status, const char *more, const char *body, size_t size, size_t claimed) {
  static char out[8192];
  int head = snprintf(out, sizeof out, "HTTP/1.1 %d Said\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n",
                      status, claimed, more);
  memcpy(out + head, body, size);
  send_all(fd, out, (size_t)head + size);
}

static const char *limits(const char *also) {
  static char lines[256];
  if (rate <= 0) return also;
  snprintf(lines, sizeof lines,
           "%sx-ratelimit-limit-requests: %d\r\nx-ratelimit-remaining-requests: %d\r\nx-ratelimit-reset-requests: %dms\r\n",
           also, (int)(rate * 60), (int)tokens, (int)((burst - tokens) / rate * 1000));
  return lines;
}

static size_t completion(char *body, size_t room, uint64_t hash, const char *content, int choices) {
  if (!choices) return (size_t)snprintf(body, room, "{\"id\":\"bench\",\"object\":\"chat.completion\",\"choices\":[]}");
  char text[1024] = "null";
  if (content)
    snprintf(text, sizeof text, "\"Answer %016llx. %s\"", (unsigned long long)hash, content);
  return (size_t)snprintf(body, room,
                          "{\"id\":\"chatcmpl-%016llx\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"bench\","
                          "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":%s},\"logprobs\":null,"
                          "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":380,\"completion_tokens\":150,"
                          "\"total_tokens\":530},\"system_fingerprint\":\"fp_bench\"}",
                          (unsigned long long)hash, text);
}

static const char WORDS[] =
    "A plain answer of ordinary length, as teachers give them: not too short, and not too long either. It goes on for "
    "a few sentences, says one thing after another, and ends when nothing is left to be told about the matter at hand. "
    "First the question is taken apart into what is known and what is asked. Then each part is looked at by itself, "
    "with an example where one helps, and with the reason why it is so and not otherwise. Last come the limits of what "
    "was said: where it holds, where it does not, and what one would have to look up to be sure of the rest of it.";

static void answer(int fd, uint64_t hash, Kind kind) {
  static const char fault[] = "{\"error\":{\"message\":\"not now\",\"type\":\"server_error\"}}";
  char body[4096];
  size_t size;
  counts[kind]++;
  switch (kind) {
  case R429: case LIMITED:
    respond(fd, 429, limits("Retry-After: 1\r\n"), fault, sizeof fault - 1, sizeof fault - 1);
    return;
  case R500: case R503:
    respond(fd, kind == R500 ? 500 : 503, "", fault, sizeof fault - 1, sizeof fault - 1);
    return;
  case RESET: case DROP:
    if (kind == RESET) {
      struct linger hard = {.l_onoff = 1, .l_linger = LINGER_RESET};
      respond(fd, 200, "", "{\"choices\"", 10, 1000);
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    }
    shut(fd);
    return;
  default:
    size = completion(body, sizeof body, hash, kind == NOTHING ? NULL : WORDS, kind != EMPTY);
    if (kind == CUT) size /= 2;
    respond(fd, 200, limits(""), body, size, size);
  }
}

static void stats(int fd) {
  char body[1024];
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  int size = snprintf(body, sizeof body, "{\"requests\":%lld,\"connections\":%lld,\"most_in_flight\":%zu,\"cpu_ms\":%ld",
                      (long long)requests, (long long)accepted, most,
                      (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000);
  for (int kind = 0; kind < KINDS; kind++)
    size += snprintf(body + size, sizeof body - (size_t)size, ",\"%s\":%lld", NAMES[kind], (long long)counts[kind]);
  body[size++] = '}';
  respond(fd, 200, "", body, (size_t)size, (size_t)size);
}

static void wait_for(int fd, uint64_t hash, Kind kind) {
  if (waiting == ring) {
    Pending *wider = malloc(2 * ring * sizeof *wider);
    for (size_t i = 0; i < waiting; i++) wider[i] = pending[(first + i) & (ring - 1)];
    free(pending), pending = wider, first = 0, ring *= 2;
  }
  pending[(first + waiting) & (ring - 1)] = (Pending){now() + latency, hash, fd, connections[fd].serial, kind};
  if (++waiting > most) most = waiting;
}

/* One request, if it is all there; how many bytes it took. */
static size_t take(int fd) {
  Connection *c = &connections[fd];
  char *end = memmem(c->bytes, c->held, "\r\n\r\n", 4);
  if (!end) return 0;
  *end = 0;
  size_t head = (size_t)(end - c->bytes) + 4, length = 0;
  char *field = strcasestr(c->bytes, "\ncontent-length:");
  if (field) length = strtoul(field + 16, NULL, 10);
  int get = !strncmp(c->bytes, "GET ", 4);
  *end = '\r';
  if (c->held < head + length) return 0;
  if (get) {
    stats(fd);
    return head + length;
  }
  uint64_t hash = hash_of(c->bytes + head, length);
  Kind kind = fate_of(hash);
  requests++;
  if (kind == LIMITED || latency == 0) answer(fd, hash, kind);
  else wait_for(fd, hash, kind);
  return head + length;
}

static void hear(int fd) {
  Connection *c = &connections[fd];
  if (c->room - c->held < 4096) c->bytes = realloc(c->bytes, c->room = c->room ? 2 * c->room : MAX_HEAD);
  ssize_t got = recv(fd, c->bytes + c->held, c->room - c->held, 0);
  if (got == 0 || (got < 0 && errno != EAGAIN)) {
    shut(fd);
    return;
  }
  if (got < 0) return;
  c->held += (size_t)got;
  for (size_t used; c->open && c->held && (used = take(fd));)
    if (c->open) memmove(c->bytes, c->bytes + used, c->held -= used);
}

static void welcome(int listener) {
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    int on = 1;
    if (fd >= MAX_FD) { close(fd); continue; }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections[fd].open = 1;
    accepted++;
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
  }
}

static int listening(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 4096)) exit((perror("listen"), 1));
  getsockname(fd, (struct sockaddr *)&address, &size);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static void options(int argc, char **argv) {
  static const struct option known[] = {{"latency-ms", 1, 0, 'l'}, {"rps", 1, 0, 'r'}, {"burst", 1, 0, 'b'}, {"faults", 0, 0, 'f'}, {0}};
  for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) switch (option) {
    case 'l': latency = (int64_t)(atof(optarg) * 1e6); break;
    case 'r': rate = atof(optarg); break;
    case 'b': burst = atof(optarg); break;
    case 'f': faults = 1; break;
    default: exit(2);
    }
  if (burst < 1) burst = 1;
  tokens = burst, filled = now();
}

int main(int argc, char **argv) {
  options(argc, argv);
  pending = malloc(ring * sizeof *pending);
  seen = calloc(seen_room, sizeof *seen);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  int listener = listening();
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.fd = listener});
  epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &(struct epoll_event){.events = EPOLLIN, .data.fd = 0});
  for (;;) {
    struct epoll_event events[512];
    int64_t left = waiting ? pending[first].due - now() : -1;
    int found = epoll_wait(epoll, events, 512, !waiting ? -1 : left <= 0 ? 0 : (int)((left + 999999) / 1000000));
    for (int i = 0; i < found; i++) {
      int fd = events[i].data.fd;
      char byte;
      if (fd == 0 && read(0, &byte, 1) <= 0) return 0;
      if (fd == listener) welcome(listener);
      else if (fd && connections[fd].open) hear(fd);
    }
    for (int64_t t = now(); waiting && pending[first].due <= t;) {
      Pending due = pending[first];
      first = (first + 1) & (ring - 1), waiting--;
      if (connections[due.fd].open && connections[due.fd].serial == due.serial) answer(due.fd, due.hash, due.kind);
    }
  }
}
