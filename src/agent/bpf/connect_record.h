/* What connect.bpf.c and the agent share: one process's connections, counted in the kernel, as they pass a power of two.
 * Plain C, the same layout on both sides; host byte order, never leaves the machine. Pids are those of the agent's own PID namespace. */
#pragma once

#define PINFOLD_CONNECT_PORTS 8          /* the first distinct ports of a window */
#define PINFOLD_CONNECT_WINDOW_S 60      /* counts begin anew after this; a process silent for so long is forgotten */
#define PINFOLD_CONNECT_FIRST 16         /* distinct destinations or ports from which a process is told */
#define PINFOLD_CONNECT_FIRST_CALLS 512  /* calls from which a process is told */

#define PINFOLD_CONNECT_PATH 256         /* a power of two */

/* Why it is told. */
#define PINFOLD_CONNECT_DESTINATIONS 1U
#define PINFOLD_CONNECT_PORT_NUMBERS 2U
#define PINFOLD_CONNECT_CALLS 4U
#define PINFOLD_CONNECT_RAW 8U

struct ConnectRecord {
  unsigned long long mono_ns;  /* CLOCK_MONOTONIC */
  unsigned long long first_ns; /* the window's first call */
  unsigned int pid;
  unsigned int uid; /* as the initial user namespace sees it */
  unsigned int why;
  unsigned int tcp_calls; /* connect(2) */
  unsigned int udp_calls; /* connect(2) and sendto(2) with an address */
  unsigned int destinations;
  unsigned int ports;
  unsigned int raw_sockets;
  unsigned short port_list[PINFOLD_CONNECT_PORTS];
  unsigned int port_count; /* used of port_list */
  unsigned int family;     /* of last_address: 4 or 6; 0 if there was none */
  unsigned char last_address[16];
  char comm[16];
  unsigned int exe_bytes;
  unsigned int parent; /* pid; 0 if unknown */
  char exe[PINFOLD_CONNECT_PATH]; /* the program, leaf first, each component ended by NUL */
};

struct ConnectSettings {
  unsigned int pid_namespace; /* inode number of the agent's own */
};

#define PINFOLD_CONNECT_COUNT_CALLS 0
#define PINFOLD_CONNECT_COUNT_LOST 1
