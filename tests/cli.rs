//! The command line, by running the program: what goes to which output, and with
//! which exit status.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

struct Run {
    status: i32,
    out: String,
    err: String,
}

fn keepalived(args: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keepalived"));
    let Output {
        status,
        stdout,
        stderr,
    } = command.args(args).output().expect("run keepalived");
    Run {
        status: status.code().expect("an exit status"),
        out: String::from_utf8_lossy(&stdout).into_owned(),
        err: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("cli-{}-{name}", std::process::id()));
    fs::write(&path, text).expect("write a configuration");
    path
}

const GOOD: &str = "global_defs {\n    router_id test\n}\n";
const BAD: &str = "global_defs {\n    ruoter_id test\n}\n";

#[test]
fn version_is_on_stderr() {
    for option in ["-v", "--version", "--vers"] {
        let run = keepalived(&[option]);
        assert_eq!((run.status, run.out.as_str()), (0, ""), "{option}");
        let lines: Vec<_> = run.err.lines().filter(|l| !l.is_empty()).collect();
        assert!(lines[0].starts_with("Keepalived v2.4.3 ("), "{}", lines[0]);
        assert!(lines.len() >= 2 && run.err.contains("Rust"));
    }
}

#[test]
fn help_is_on_stderr() {
    for option in ["-h", "--help"] {
        let run = keepalived(&[option]);
        assert_eq!((run.status, run.out.as_str()), (0, ""), "{option}");
        for word in [
            "--use-file=FILE",
            "--config-test[=FILE]",
            "-D, --log-detail",
        ] {
            assert!(run.err.contains(word), "no {word} in the help");
        }
    }
}

#[test]
fn signal_numbers_are_alone_on_stdout() {
    let run = keepalived(&["--signum=STATS"]);
    assert_eq!(
        (run.status, run.out.as_str(), run.err.as_str()),
        (0, "12\n", "")
    );
    let run = keepalived(&["--signum", "NONSENSE"]);
    assert_eq!((run.status, run.out.as_str()), (1, ""));
    assert_eq!(run.err, "Unknown sigfunc NONSENSE\n");
}

#[test]
fn bad_options_end_with_1() {
    for (args, text) in [
        (&["-Q"][..], "Unknown option -Q\n"),
        (&["--bogus"], "Unknown option --bogus\n"),
        (&["-p"], "Missing parameter for option -p\n"),
        (&["--pid="], "Missing parameter for option --pid\n"),
        (&["--dont"], "Unknown option --dont\n"),
        (
            &["--wdog-vrrp", "5"],
            "Unknown option --wdog-vrrp: keepalived has it no more: the parent process sees at once when a child ends. Leave it out\n",
        ),
    ] {
        let run = keepalived(args);
        assert_eq!((run.status, run.out.as_str()), (1, ""), "{args:?}");
        assert_eq!(run.err, text);
    }
}

#[test]
fn options_without_effect_say_so() {
    for (option, text) in [
        ("-O", "--openssl-mem-check has no effect: "),
        ("--perf=run", "--perf has no effect: "),
        ("--debug=Nv", ""),
        ("-X", ""),
        ("-I", ""),
    ] {
        let path = file("noted", GOOD);
        let run = keepalived(&[option, "-t", "-f", path.to_str().unwrap()]);
        assert!(run.err.contains(text), "{option}: {}", run.err);
        assert_eq!(text.is_empty(), run.err.is_empty(), "{option}: {}", run.err);
        assert_eq!(run.status, 0, "{option}");
    }
    let run = keepalived(&["-T"]);
    assert_eq!(run.status, 1);
    assert!(run.err.contains("genhash"), "{}", run.err);
}

#[test]
fn an_option_of_another_task_starts_no_daemon() {
    for (option, needed) in [
        ("--json", "--status"),
        ("--watch=1", "--status"),
        ("--running=x", "--reload-plan"),
    ] {
        let run = keepalived(&[option]);
        assert_eq!(run.status, 1, "{option}");
        assert!(run.err.contains(&format!("needs {needed}")), "{}", run.err);
    }
}

#[test]
fn a_plan_without_a_running_configuration_says_which_file_is_missing() {
    let new = file("planned", GOOD);
    let run = keepalived(&[
        "--reload-plan",
        "--running",
        "/no/such",
        "-f",
        new.to_str().unwrap(),
    ]);
    assert_eq!(run.status, 1);
    assert!(
        run.err.contains("/no/such: there is no such file"),
        "{}",
        run.err
    );
}

#[test]
fn surplus_words_are_told_and_do_not_matter() {
    let path = file("surplus", GOOD);
    let run = keepalived(&["-t", "more", "-f", path.to_str().unwrap(), "words"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert_eq!(run.out, "Unexpected argument(s): more words\n");
}

#[test]
fn configuration_test_says_what_is_wrong_and_where() {
    let run = keepalived(&["-t", "-f", file("good", GOOD).to_str().unwrap()]);
    assert_eq!(
        (run.status, run.out, run.err),
        (0, String::new(), String::new())
    );
    let path = file("bad", BAD);
    let run = keepalived(&["-t", "-f", path.to_str().unwrap()]);
    assert_eq!((run.status, run.out.as_str()), (5, ""));
    let place = format!("{}:2:5: ", path.display());
    assert!(
        run.err.contains(&place) && run.err.contains("ruoter_id"),
        "{}",
        run.err
    );
}

#[test]
fn the_configuration_may_come_through_a_descriptor() {
    for (name, text, status) in [("fd-good", GOOD, 0), ("fd-bad", BAD, 5)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keepalived"));
        command.args(["-t", "--config-fd=0", "-f", "/nonexistent"]);
        command.stdin(fs::File::open(file(name, text)).expect("the file"));
        let output = command.output().expect("run keepalived");
        assert_eq!(output.status.code(), Some(status), "{output:?}");
    }
}

#[test]
fn a_missing_configuration_is_an_error() {
    let run = keepalived(&["-t", "-f", "/nonexistent/keepalived.conf"]);
    assert_ne!(run.status, 0);
    assert!(
        run.err.contains("/nonexistent/keepalived.conf"),
        "{}",
        run.err
    );
}

#[test]
fn the_report_can_be_appended_to_a_file() {
    let (path, report) = (file("bad2", BAD), file("report", "kept\n"));
    let option = format!("--config-test={}", report.display());
    let run = keepalived(&["-f", path.to_str().unwrap(), &option]);
    assert_eq!(
        (run.status, run.out, run.err),
        (5, String::new(), String::new())
    );
    let text = fs::read_to_string(report).expect("the report");
    assert!(
        text.starts_with("kept\n") && text.contains("ruoter_id"),
        "{text}"
    );
}

/// Legal, and surely not meant.
const UNWISE: &str = "global_defs {\n    vrrp_notify_fifo /run/f\n    lvs_notify_fifo /run/f\n}\n";
/// In words of 1.2.
const OLD: &str = "global_defs {\n    lvs_id me   # who\n}\n";

#[test]
fn what_is_only_unwise_fails_with_strict_unless_it_is_allowed() {
    let path = file("unwise", UNWISE);
    let path = path.to_str().unwrap();
    for (options, status, told) in [
        (&[][..], 0, true),
        (&["--strict"], 5, true),
        (&["--strict", "--no-warn", "fifo-shared"], 0, false),
        (&["--strict", "--no-warn=old-word,fifo-shared"], 0, false),
    ] {
        let args: Vec<&str> = [&["-t", "-f", path], options].concat();
        let run = keepalived(&args);
        assert_eq!(run.status, status, "{options:?}: {}", run.err);
        let place = format!("{path}:3:21: warning: ");
        assert_eq!(run.err.starts_with(&place), told, "{}", run.err);
        assert_eq!(run.err.contains("[fifo-shared]"), told, "{}", run.err);
    }
    let run = keepalived(&["-t", "-f", path, "--no-warn", "fifo-share"]);
    assert!(run.err.contains("did you mean fifo-shared?"), "{}", run.err);
}

#[test]
fn a_keyword_or_a_warning_is_explained() {
    let run = keepalived(&["--explain", "weight"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    for place in ["vrrp_script", "virtual_server real_server"] {
        assert!(run.out.contains(place), "{}", run.out);
    }
    let run = keepalived(&["--explain=auth-pass-long"]);
    assert!(run.out.contains("--no-warn auth-pass-long"), "{}", run.out);
    let run = keepalived(&["--explain", "nb_get_retry"]);
    assert!(run.out.contains("use retry"), "{}", run.out);
    let run = keepalived(&["--explain", "no_preempt"]);
    assert_eq!((run.status, run.out.as_str()), (1, ""));
    assert!(run.err.contains("did you mean `nopreempt`?"), "{}", run.err);
}

#[test]
fn an_old_file_is_printed_in_todays_words() {
    let path = file("old", OLD);
    let run = keepalived(&["--upgrade-config", path.to_str().unwrap()]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert_eq!(run.out, "global_defs {\n    router_id me   # who\n}\n");
    let outer = file("outer", &format!("include {}\n", path.display()));
    let run = keepalived(&["--upgrade-config", outer.to_str().unwrap()]);
    assert_eq!(run.status, 1);
    assert_eq!(run.out, format!("include {}\n", path.display()));
    assert!(run.err.contains("[old-word]"), "{}", run.err);
    let run = keepalived(&["--upgrade-config", "/nonexistent/k.conf"]);
    assert_eq!((run.status, run.out.as_str()), (1, ""));
}
