#![forbid(unsafe_code)]
//! The daemon's entry point: everything is in the library.

fn main() -> std::process::ExitCode {
    keepalived::cli::main()
}
