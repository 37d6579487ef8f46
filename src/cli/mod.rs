//! The command line.
#![forbid(unsafe_code)]

/// Run the program with the process's arguments.
#[must_use]
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
