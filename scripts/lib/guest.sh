# What uml-run and vm-run share: options, the guest's process 1, output and end.
#
# Sourced. The caller has set `me`, and `memory` and `modules` to its defaults; it
# defines own_option (an option of its own: shift count in `taken`, or fails) and usage.
# A run's directory `dir` is the same folder under the same name in the guest: the
# command's output, its exit status and the guest's script are in there.

die() {
	echo "$me: $*" >&2
	exit 125
}

need() { [ "$1" -ge 2 ] || die "option $2 needs a value (-h for help)"; }

# A word in single quotes, for the guest's shell.
quote() { printf "'%s'" "${1//\'/\'\\\'\'}"; }

limit= verbose= pass=() command=() made_directories=()

parse_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		-m)          need $# "$1"; memory=$2; shift 2 ;;
		-t)          need $# "$1"; limit=$2; shift 2 ;;
		-e)          need $# "$1"; pass+=("$2"); shift 2 ;;
		--modules)   need $# "$1"; modules=$2; shift 2 ;;
		--modules=*) modules=${1#*=}; shift ;;
		-v)          verbose=yes; shift ;;
		-h|--help)   usage; exit 0 ;;
		--)          shift; break ;;
		-*)          own_option "$@" || die "unknown option $1 (-h for help)"
		             shift "$taken" ;;
		*)           break ;;
		esac
	done
	[ $# -gt 0 ] || { usage >&2; exit 125; }
	[[ $memory =~ ^[0-9]+[KMGkmg]$ ]] || die "-m $memory: give a number with K, M or G"
	[[ -z $limit || $limit =~ ^[0-9]+([.][0-9]+)?$ ]] || die "-t $limit: give seconds"
	command=("$@")
}

# ------------------------------------------------- state of this run, clean-up

dir=            # everything this run needs on disk
kernel=         # the kernel's process, leader of a process group of its own
helpers=()      # other processes started here

# Whatever a kernel has as processes of the host must not outlive it: it is asked to
# end by SIGTERM, and if it does not, the whole group is killed at once.
stop_kernel() {
	local i
	[ -n "$kernel" ] || return
	kill -TERM "$kernel" 2>/dev/null
	for ((i = 0; i < 40; i++)); do
		kill -0 "$kernel" 2>/dev/null || break
		sleep 0.05
	done
	kill -KILL -- "-$kernel" 2>/dev/null
	wait "$kernel" 2>/dev/null
	kernel=
}

clean_up() {
	trap - EXIT
	trap '' INT TERM HUP
	stop_kernel
	[ ${#helpers[@]} -eq 0 ] || kill "${helpers[@]}" 2>/dev/null
	[ -z "$dir" ] || rm -rf -- "$dir"
	[ ${#made_directories[@]} -eq 0 ] || rmdir "${made_directories[@]}" 2>/dev/null
}

# Standard output and error of the command go through a pipe each (so that the
# command sees a pipe, as under any test runner) into files that are followed
# from here. If both lead to the same place they share one pipe, which keeps
# their order.
make_directory() {
	local s
	trap clean_up EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	dir=$(mktemp -d "${TMPDIR:-/tmp}/$me.XXXXXX") || die "no temporary directory"
	[[ $dir = /* ]] || dir=$PWD/$dir
	# The path of this directory goes into a kernel command line and an fstab.
	[[ $dir =~ ^[A-Za-z0-9/._+-]+$ ]] || die "TMPDIR has characters that cannot be used: $dir"
	streams=(out err)
	[ /dev/fd/1 -ef /dev/fd/2 ] && streams=(out)
	for s in "${streams[@]}"; do
		mkfifo "$dir/$s.pipe" || die "cannot make a pipe in $dir"
		: >"$dir/$s"
	done
	: >"$dir/console"
	# Copied over the guest's own /dev and /run: names that programs expect there.
	( umask 022
	  mkdir "$dir/dev" "$dir/run" "$dir/run/lock"
	  chmod 1777 "$dir/run/lock"
	  ln -s /proc/self/fd "$dir/dev/fd"
	  for i in 0:stdin 1:stdout 2:stderr; do
		ln -s "/proc/self/fd/${i%:*}" "$dir/dev/${i#*:}"
	  done ) || die "cannot write in $dir"
}

# ------------------------------------------------------ what the guest will do

# /run is private, so that process ids, named network namespaces and lock files are
# never mistaken for the host's.
common_mounts() {
	cat <<-END
		proc     /proc           proc    defaults
		sysfs    /sys            sysfs   defaults
		cgroup2  /sys/fs/cgroup  cgroup2 defaults
		devpts   /dev/pts        devpts  gid=5,mode=620,ptmxmode=666,X-mount.mkdir
		tmpfs    /dev/shm        tmpfs   mode=1777,X-mount.mkdir
		tmpfs    /run            tmpfs   mode=755
	END
}

# A shell function with the environment of the command.
environment() {
	local name
	echo "environment() {"
	# Gone with what the kernel made of its command line, in with the caller's.
	echo "unset TERM OLDPWD $1"
	echo "export PATH=$(quote "${PATH:-/usr/sbin:/usr/bin:/sbin:/bin}")"
	echo "export HOME=$(quote "${HOME:-/}") $2=1"
	for name in $(compgen -e); do
		[[ $name = CARGO_* || $name = RUST* ]] && echo "export $name=$(quote "${!name}")"
	done
	for name in ${pass[@]+"${pass[@]}"}; do
		if [[ ! ${name%%=*} =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]]; then
			die "-e $name: not the name of a variable"
		elif [[ $name = *=* ]]; then
			echo "export ${name%%=*}=$(quote "${name#*=}")"
		elif [ -n "${!name+set}" ]; then
			echo "export $name=$(quote "${!name}")"
		fi
	done
	echo "}"
}

# The guest's process 1. A plain script for the smallest shell: starting a
# program is what costs time in there, so it starts as few as it can.
#
# $1: names that the kernel puts into the environment; $2: the name that says where
# the command runs; $3: what to tell the kernel at the end, a letter of sysrq
write_init() {
	local word
	{
		echo "#!/bin/sh"
		environment "$1" "$2"
		echo "dir=$dir hostname=$(quote "$(uname -n)") cwd=$(quote "$PWD") mask=$(umask) end=$3"
		echo "modules=$(quote "${list//[$'\n\t']/ }")"
		printf 'set --'
		for word in "${command[@]}"; do printf ' %s' "$(quote "$word")"; done
		echo
		cat <<-'END'
			export PATH=/usr/sbin:/usr/bin:/sbin:/bin
			mount -a -T "$dir/fstab"
			cp -a "$dir/dev" "$dir/run" /
			ip link set lo up
			echo "$hostname" >/proc/sys/kernel/hostname
			[ -z "$modules" ] || modprobe -a $modules

			cat <"$dir/out.pipe" >>"$dir/out" &
			readers=$!
			if [ -p "$dir/err.pipe" ]; then
				cat <"$dir/err.pipe" >>"$dir/err" &
				readers="$readers $!"
			fi
			(
				exec </dev/null >"$dir/out.pipe"
				if [ -p "$dir/err.pipe" ]; then exec 2>"$dir/err.pipe"; else exec 2>&1; fi
				cd "$cwd" || exit 125
				umask "$mask"
				environment
				exec "$@"
			)
			status=$?

			# What the command left running ends here; then the rest of the output
			# can be waited for.
			for p in /proc/[0-9]*; do
				p=${p#/proc/}
				case " 1 $readers " in *" $p "*) ;; *) kill -KILL "$p" 2>/dev/null ;; esac
			done
			wait $readers
			sync
			echo "$status" >"$dir/status"
			echo "$end" >/proc/sysrq-trigger
			exec sleep 60
		END
	} >"$dir/init" || die "cannot write in $dir"
	chmod +x "$dir/init"
}

# ------------------------------------------------------------------- the kernel

# Start `boot` as the kernel, in a process group of its own.
start_kernel() {
	set -m
	boot </dev/null >>"$dir/console" 2>&1 &
	kernel=$!
	set +m
}

follow() { exec tail -q -n +1 -s 0.02 -f --pid="$kernel" "$1"; }

# Pass on the output until the kernel ends, and exit as the command did.
finish() {
	local timer timed_out=
	follow "$dir/out" & helpers+=($!)
	[ ${#streams[@]} -eq 1 ] || { follow "$dir/err" >&2 & helpers+=($!); }
	[ -z "$verbose" ] || { follow "$dir/console" >&2 & helpers+=($!); }
	if [ -n "$limit" ]; then
		sleep "$limit" & timer=$!
		helpers+=("$timer")
		while kill -0 "$kernel" 2>/dev/null && [ -z "$timed_out" ]; do
			wait -n "$kernel" "$timer"
			kill -0 "$timer" 2>/dev/null || timed_out=yes
		done
		kill "$timer" 2>/dev/null
	else
		wait "$kernel"
	fi
	stop_kernel
	wait "${helpers[@]}"
	helpers=()
	if [ -s "$dir/status" ]; then
		exit "$(cat "$dir/status")"
	elif [ -n "$timed_out" ]; then
		echo "$me: ended after $limit seconds" >&2
		exit 124
	fi
	[ -n "$verbose" ] || tail -n 20 "$dir/console" >&2
	die "the kernel ended before the command did"
}
