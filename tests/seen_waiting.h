/* seen_waiting.h - what io_bound and memory_per_unit measured on a machine with two CPUs: for test_claims_data.c */
#ifndef FORKLAB_SEEN_WAITING_H
#define FORKLAB_SEEN_WAITING_H

struct seen {
	const char *bench, *variant, *params;
	double ns; /* or bytes */
};

static const struct seen seen_waiting[] = {
	{"io_bound", "python_serial", "tasks=2,wait=20ms,kind=sleep", 40.2e6},
	{"io_bound", "python_threads", "tasks=2,wait=20ms,kind=sleep", 20.4e6},
	{"io_bound", "python_processes", "tasks=2,wait=20ms,kind=sleep", 23.1e6},
	{"io_bound", "python_serial", "tasks=20,wait=20ms,kind=sleep", 402e6},
	{"io_bound", "python_threads", "tasks=20,wait=20ms,kind=sleep", 21.9e6},
	{"io_bound", "python_processes", "tasks=20,wait=20ms,kind=sleep", 40.2e6},
	{"io_bound", "python_pool", "tasks=20,wait=20ms,kind=sleep", 209e6},
	{"io_bound", "python_serial", "tasks=20,wait=20ms,kind=request", 406e6},
	{"io_bound", "python_threads", "tasks=20,wait=20ms,kind=request", 24e6},
	{"io_bound", "python_processes", "tasks=20,wait=20ms,kind=request", 45e6},
	{"io_bound", "python_threads", "tasks=20,wait=20ms,kind=mixed", 61.5e6},
	{"io_bound", "python_processes", "tasks=20,wait=20ms,kind=mixed", 50e6},
	{"io_bound", "python_threads", "tasks=100,wait=20ms,kind=sleep", 27.8e6},
	{"io_bound", "python_processes", "tasks=100,wait=20ms,kind=sleep", 139e6},
	{"io_bound", "serial", "tasks=2,wait=5ms,kind=sleep", 10.2e6},
	{"io_bound", "threads", "tasks=2,wait=5ms,kind=sleep", 5.16e6},
	{"io_bound", "processes", "tasks=2,wait=5ms,kind=sleep", 5.51e6},
	{"io_bound", "serial", "tasks=20,wait=5ms,kind=sleep", 102e6},
	{"io_bound", "threads", "tasks=20,wait=5ms,kind=sleep", 5.81e6},
	{"io_bound", "processes", "tasks=20,wait=5ms,kind=sleep", 7.69e6},
	{"io_bound", "pool_of_cpus", "tasks=20,wait=5ms,kind=sleep", 50.9e6},
	{"io_bound", "serial", "tasks=20,wait=5ms,kind=request", 102.2e6},
	{"io_bound", "threads", "tasks=20,wait=5ms,kind=request", 6.65e6},
	{"io_bound", "processes", "tasks=20,wait=5ms,kind=request", 8.33e6},
	{"io_bound", "threads", "tasks=20,wait=5ms,kind=mixed", 11.4e6},
	{"io_bound", "processes", "tasks=20,wait=5ms,kind=mixed", 12.8e6},
	{"io_bound", "threads", "tasks=100,wait=5ms,kind=sleep", 8.83e6},
	{"io_bound", "processes", "tasks=100,wait=5ms,kind=sleep", 18.9e6},
	{"memory_per_unit", "thread", "units=100", 8.54016e3},
	{"memory_per_unit", "fork", "units=100", 29.4912e3},
	{"memory_per_unit", "spawn", "units=100", 150.528e3},
	{"memory_per_unit", "python_thread", "units=100", 16.1792e3},
	{"memory_per_unit", "python_fork", "units=100", 1530.88e3},
	{"memory_per_unit", "python_spawn", "units=100", 8838.14e3},
};

#endif
