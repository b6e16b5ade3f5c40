/* What sending one frame to N addresses costs at least: SRTP (AES-256-GCM) in place and one
 * sendmmsg for each batch, nothing else.
 *
 *     relay_floor listeners rate seconds payload_bytes
 *
 * prints microseconds of processor time per packet. A child process empties the receivers. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 256
#define SLOT 1408
#define HEADER 12

static double seconds_of(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void drain(const int *socks, int count) {
    char data[2048];
    for (;;) {
        usleep(100000);
        for (int i = 0; i < count; i++)
            while (recv(socks[i], data, sizeof data, MSG_DONTWAIT) >= 0) {
            }
    }
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    int listeners = atoi(argv[1]), rate = atoi(argv[2]), payload = atoi(argv[4]);
    int frames = (int)(rate * atof(argv[3]));
    struct rlimit files = {65536, 65536};
    setrlimit(RLIMIT_NOFILE, &files);
    srtp_init();
    srtp_t *sessions = calloc((size_t)listeners, sizeof *sessions);
    struct sockaddr_in *names = calloc((size_t)listeners, sizeof *names);
    int *socks = calloc((size_t)listeners, sizeof *socks);
    for (int i = 0; i < listeners; i++) {
        unsigned char key[64];
        srtp_policy_t policy;
        memset(&policy, 0, sizeof policy);
        for (size_t k = 0; k < sizeof key; k++) key[k] = (unsigned char)rand();
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
        policy.ssrc.type = ssrc_any_outbound;
        policy.key = key;
        if (srtp_create(&sessions[i], &policy)) return 3;
        names[i].sin_family = AF_INET;
        names[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socks[i] = socket(AF_INET, SOCK_DGRAM, 0);
        socklen_t length = sizeof names[i];
        if (socks[i] < 0 || bind(socks[i], (struct sockaddr *)&names[i], length)) return 4;
        getsockname(socks[i], (struct sockaddr *)&names[i], &length);
    }
    pid_t child = fork();
    if (child == 0) drain(socks, listeners);
    for (int i = 0; i < listeners; i++) close(socks[i]);

    static unsigned char memory[BATCH][SLOT];
    static struct iovec vectors[BATCH];
    static struct mmsghdr messages[BATCH];
    unsigned char *frame = malloc((size_t)payload);
    for (int i = 0; i < payload; i++) frame[i] = (unsigned char)rand();
    int out = socket(AF_INET, SOCK_DGRAM, 0);
    double used = 0, began = seconds_of(CLOCK_MONOTONIC);
    for (int n = 0; n < frames; n++) {
        double wait = began + (double)n / rate - seconds_of(CLOCK_MONOTONIC);
        if (wait > 0) usleep((useconds_t)(wait * 1e6));
        double before = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        for (int start = 0; start < listeners; start += BATCH) {
            int count = listeners - start < BATCH ? listeners - start : BATCH;
            for (int i = 0; i < count; i++) {
                unsigned seq = htons((unsigned short)(n + 1)), ticks = htonl((unsigned)n * 960);
                unsigned ssrc = htonl((unsigned)(start + i + 1));
                unsigned short short_seq = (unsigned short)seq;
                int length = HEADER + payload;
                memory[i][0] = 0x80;
                memory[i][1] = 111;
                memcpy(memory[i] + 2, &short_seq, 2);
                memcpy(memory[i] + 4, &ticks, 4);
                memcpy(memory[i] + 8, &ssrc, 4);
                memcpy(memory[i] + HEADER, frame, (size_t)payload);
                if (srtp_protect(sessions[start + i], memory[i], &length)) return 5;
                vectors[i].iov_base = memory[i];
                vectors[i].iov_len = (size_t)length;
                messages[i].msg_hdr.msg_name = &names[start + i];
                messages[i].msg_hdr.msg_namelen = sizeof names[0];
                messages[i].msg_hdr.msg_iov = &vectors[i];
                messages[i].msg_hdr.msg_iovlen = 1;
            }
            for (int at = 0; at < count;) {
                int sent = sendmmsg(out, messages + at, (unsigned)(count - at), 0);
                if (sent < 0 && errno != EINTR) return 6;
                at += sent > 0 ? sent : 0;
            }
        }
        used += seconds_of(CLOCK_PROCESS_CPUTIME_ID) - before;
    }
    kill(child, SIGKILL);
    printf("%.3f\n", used * 1e6 / ((double)frames * listeners));
    return 0;
}
