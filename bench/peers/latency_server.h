/*
 * latency_server.h - a server on 127.0.0.1 whose answer takes as long as the request says, and its client
 *
 * A client sends "GET /WAIT_NS/NUMBER HTTP/1.0" and an empty line, and reads until the end of the file; the
 * body of the answer is NUMBER. Each connection has a timer of its own and none waits for another, so that a
 * thousand answers take as long as one.
 */
#ifndef FORKLAB_LATENCY_SERVER_H
#define FORKLAB_LATENCY_SERVER_H

#include "harness/tools.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define LATENCY_BACKLOG 4096
#define LATENCY_REQUEST 128 /* bytes that a request has at most */

/* ---- the client: async-signal-safe but for snprintf, which formats integers alone here ---- */

/* Connects and sends the request: the descriptor, readable when the answer is there; or -errno. */
static inline int latency_connect(uint16_t port, uint64_t wait_ns, uint32_t number)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char text[LATENCY_REQUEST];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), err = 0;
	int len = snprintf(text, sizeof(text), "GET /%llu/%u HTTP/1.0\r\n\r\n",
		(unsigned long long)wait_ns, number);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)))
		err = -errno;
	else if (send(fd, text, (size_t)len, MSG_NOSIGNAL) != len)
		err = -EPIPE;
	if (err)
		close(fd);
	return err ? err : fd;
}

/* Reads the answer to its end, and closes fd. -EPROTO: it is none. */
static inline int latency_finish(int fd, uint32_t *number)
{
	char text[LATENCY_REQUEST] = "", *body;
	ssize_t n = tools_read(fd, text, sizeof(text) - 1);

	close(fd);
	body = strstr(text, "\r\n\r\n");
	if (n < 0 || strncmp(text, "HTTP/1.0 200 ", 13) != 0 || !body)
		return n < 0 ? (int)n : -EPROTO;
	*number = (uint32_t)strtoul(body + 4, NULL, 10);
	return 0;
}

/* ---- the server ---- */

struct latency_request {
	int socket, timer;
	uint32_t number;
};

static inline void latency_end(struct latency_request *q)
{
	close(q->socket);
	if (q->timer >= 0)
		close(q->timer); /* which takes it out of the epoll set */
	free(q);
}

static inline void latency_accept(int epoll, int listener)
{
	struct epoll_event e = {.events = EPOLLIN};
	struct latency_request *q = calloc(1, sizeof(*q));

	e.data.ptr = q;
	if (!q)
		return;
	q->timer = -1;
	q->socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (q->socket < 0)
		free(q);
	else if (epoll_ctl(epoll, EPOLL_CTL_ADD, q->socket, &e))
		latency_end(q);
}

/* A request of one segment, as every client of ours sends it; else the connection ends without an answer. */
static inline void latency_begin(int epoll, struct latency_request *q)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = q};
	struct itimerspec when = {{0, 0}, {0, 0}};
	char text[LATENCY_REQUEST];
	ssize_t n = read(q->socket, text, sizeof(text) - 1);
	unsigned long long wait_ns;

	text[n > 0 ? n : 0] = '\0';
	epoll_ctl(epoll, EPOLL_CTL_DEL, q->socket, NULL);
	if (sscanf(text, "GET /%llu/%u HTTP/1.", &wait_ns, &q->number) == 2 && wait_ns > 0) {
		when.it_value.tv_sec = (time_t)(wait_ns / 1000000000u);
		when.it_value.tv_nsec = (long)(wait_ns % 1000000000u);
		q->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	}
	if (q->timer < 0 || timerfd_settime(q->timer, 0, &when, NULL) ||
		epoll_ctl(epoll, EPOLL_CTL_ADD, q->timer, &e))
		latency_end(q);
}

static inline void latency_answer(struct latency_request *q)
{
	char text[LATENCY_REQUEST];
	int len = snprintf(text, sizeof(text), "HTTP/1.0 200 OK\r\n\r\n%u\n", q->number);

	(void)send(q->socket, text, (size_t)len, MSG_NOSIGNAL);
	latency_end(q);
}

static inline int latency_listen(uint16_t *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) ||
		listen(fd, LATENCY_BACKLOG) || getsockname(fd, (struct sockaddr *)&at, &len))
		return -errno;
	*port = ntohs(at.sin_port);
	return fd;
}

/* Serves until its stdin ends. What it reads there is answered by "0 PORT", as peer.h has it. */
static inline int latency_serve(void)
{
	static char listener_is, stdin_is;
	uint16_t port = 0;
	int listener = latency_listen(&port), epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event l = {.events = EPOLLIN, .data.ptr = &listener_is};
	struct epoll_event in = {.events = EPOLLIN, .data.ptr = &stdin_is}, e;

	if (listener < 0 || epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &l) ||
		epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &in))
		return -errno;
	for (;;) {
		struct latency_request *q = NULL;
		char text[LATENCY_REQUEST];

		if (epoll_wait(epoll, &e, 1, -1) < 1) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (e.data.ptr == &stdin_is) {
			if (read(STDIN_FILENO, text, sizeof(text)) <= 0)
				return 0;
			printf("0 %u\n", port);
			fflush(stdout);
		} else if (e.data.ptr == &listener_is) {
			latency_accept(epoll, listener);
		} else {
			q = e.data.ptr;
			if (q->timer < 0)
				latency_begin(epoll, q);
			else
				latency_answer(q);
		}
	}
}

#endif
