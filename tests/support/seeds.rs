//! Simulations run with many seeds, and a seed that fails can be replayed.
//!
//! `SEED=n cargo test --test NAME` replays one seed; `SEEDS=n` runs more.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Run with the seeds 1 to `count`, or as the environment says, and name one that fails.
#[expect(
    clippy::print_stderr,
    reason = "how to replay is for whoever runs the test"
)]
pub fn each_seed(count: u64, run: impl Fn(u64)) {
    let number = |name: &str| std::env::var_os(name)?.to_str()?.parse().ok();
    let seeds = match number("SEED") {
        Some(seed) => seed..=seed,
        None => 1..=number("SEEDS").unwrap_or(count),
    };
    for seed in seeds {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(seed))) {
            let test = env!("CARGO_CRATE_NAME");
            eprintln!("replay with SEED={seed} cargo test --test {test}");
            resume_unwind(panic);
        }
    }
}
