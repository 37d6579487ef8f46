//! Scripts of checks: their status, and how they are ended.

use super::*;

pub(super) fn misc(script: &str, timeout: Duration) -> Misc {
    Misc::new(MiscSettings {
        command: Command {
            path: "/bin/sh".into(),
            name: "sh".into(),
            args: vec!["-c".into(), script.into()],
            account: Account::ROOT,
        },
        given: script.to_owned(),
        user: None,
        timeout,
        dynamic: true,
    })
}

#[test]
fn scripts_and_their_status() {
    use crate::check::probe::Weight;

    let configured = Outcome::Passed(Some(Weight::Add(0)));
    assert_eq!(attempt(misc("exit 0", LONG)), Attempt::Outcome(configured));
    let weight = Outcome::Passed(Some(Weight::Set(30)));
    assert_eq!(attempt(misc("exit 32", LONG)), Attempt::Outcome(weight));
    assert_eq!(
        attempt(misc("exit 1", LONG)),
        Attempt::Outcome(Outcome::Failed("exited with status 1".into()))
    );
    let killed = attempt(misc("kill -9 $$", LONG));
    assert_eq!(killed, failed("ended by a signal"));
}

/// Whether a process does anything: a zombie does not.
fn runs(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit(") ")
        .next()
        .and_then(|rest| rest.chars().next());
    state.is_some_and(|state| state != 'Z')
}

#[test]
fn a_script_that_hangs_is_ended_with_all_it_has_started() {
    let path: PathBuf = std::env::temp_dir().join(format!("hanging-{}", process::id()));
    let script = format!(
        "trap '' TERM; sleep 1000 & echo $$ $! > {0}.new; mv {0}.new {0}; wait; sleep 1000",
        path.display()
    );
    let mut bench = Bench::new();
    let id = bench.add(1, misc(&script, Duration::from_millis(500)));
    assert_eq!(bench.attempt(id), failed("timed out"));
    let again = bench.attempt(id);
    let why = "the script of the last check has still not ended";
    assert_eq!(again, failed(why));
    while !bench.program.conversations.scripts.is_empty() {
        bench.turn();
    }
    if let Ok(pids) = fs::read_to_string(&path) {
        for pid in pids.split_whitespace() {
            while runs(pid.parse().unwrap()) {
                thread::yield_now();
            }
        }
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn at_the_end_nothing_is_left() {
    let (_silent, address) = listener();
    let mut bench = Bench::new();
    let id = bench.add(1, smtp(address, LONG));
    let script = bench.add(2, misc("sleep 1000", LONG));
    assert_eq!(bench.begin(id), None);
    assert_eq!(bench.begin(script), None);
    let s = &mut bench.scheduler;
    bench.program.conversations.end(s);
    s.stop(scheduler::Stop::Graceful);
    assert!(s.is_finished(), "no child and no timer keeps the loop");
}
