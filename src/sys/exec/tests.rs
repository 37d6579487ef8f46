//! What a started program finds.

use super::*;
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use std::os::unix::fs::PermissionsExt as _;

fn sh(script: &str) -> Program {
    Program::new(Path::new("/bin/sh"), ["-c", script], None).unwrap()
}

fn status(program: &Program, more: &[&str]) -> WaitStatus {
    let pid = program.start(more).unwrap();
    waitpid(pid, None).unwrap()
}

fn exit_code(script: &str, more: &[&str]) -> i32 {
    let ended = status(&sh(script), more);
    let WaitStatus::Exited(_, code) = ended else {
        panic!("{ended:?}");
    };
    code
}

#[test]
fn arguments_and_status() {
    assert_eq!(exit_code("exit 7", &[]), 7);
    assert_eq!(
        exit_code("test \"$0/$1\" = 'a b/c' && exit 3", &["a b", "c"]),
        3
    );
}

#[test]
fn a_group_of_its_own_and_no_descriptors() {
    let script = "test \"$(cut -d' ' -f5 /proc/$$/stat)\" = $$ || exit 1
        for fd in 0 1 2; do test $(readlink /proc/$$/fd/$fd) = /dev/null || exit 2; done
        test $(ls /proc/$$/fd | wc -l) -le 4 || exit 3";
    let kept = std::fs::File::open("/dev/zero").unwrap();
    nix::fcntl::fcntl(
        &kept,
        nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty()),
    )
    .unwrap();
    assert_eq!(exit_code(script, &[]), 0);
}

#[test]
fn signals_are_plain() {
    let script = "while read name value; do
            case $name$value in
                SigBlk:*[1-9a-f]*) exit 1;;
            esac
        done < /proc/self/status
        kill -PIPE $$; exit 2";
    let ended = status(&sh(script), &[]);
    assert!(
        matches!(ended, WaitStatus::Signaled(_, Signal::SIGPIPE, _)),
        "{ended:?}"
    );
}

#[test]
fn a_program_that_is_not_there() {
    let program = Program::new(Path::new("/nowhere/x"), [""; 0], None).unwrap();
    let error = program.start(&[]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_text_without_interpreter_is_the_shells() {
    let path = std::env::temp_dir().join(format!("exec-{}", std::process::id()));
    std::fs::write(&path, "exit $1\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = Program::new(&path, ["5"], None).unwrap();
    let ended = status(&program, &[]);
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(ended, WaitStatus::Exited(_, 5)), "{ended:?}");
}

#[test]
fn a_name_of_its_own() {
    let script = "test \"$(tr '\\0' ' ' < /proc/$$/cmdline | cut -d' ' -f1)\" = other";
    let program = sh(script).called(OsStr::new("other")).unwrap();
    assert!(matches!(status(&program, &[]), WaitStatus::Exited(_, 0)));
}

#[test]
fn variables() {
    let mut program = sh("test \"$CAUSE/$IFS_\" = new/ || exit 1");
    program.set_variable("CAUSE", "old").unwrap();
    program.set_variable("CAUSE", "new").unwrap();
    assert!(matches!(status(&program, &[]), WaitStatus::Exited(_, 0)));
    assert!(program.set_variable("A", "b\0").is_err());
}

#[test]
fn another_user() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let credentials = Credentials {
        uid: 12345,
        gid: 23456,
        groups: vec![34567],
    };
    let script = "test \"$(id -u) $(id -g) $(id -G)\" = '12345 23456 23456 34567'";
    let program = Program::new(Path::new("/bin/sh"), ["-c", script], Some(credentials));
    let ended = status(&program.unwrap(), &[]);
    assert!(matches!(ended, WaitStatus::Exited(_, 0)), "{ended:?}");
}
