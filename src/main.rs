#![forbid(unsafe_code)]
//! The daemon's entry point: everything is in the library.

#[cfg(feature = "mem-check")]
use keepalived::sys::alloc::Counting as Allocator;
#[cfg(not(feature = "mem-check"))]
use keepalived::sys::alloc::Ending as Allocator;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

fn main() -> std::process::ExitCode {
    keepalived::cli::main()
}
