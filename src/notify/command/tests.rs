use super::*;
use std::ffi::OsString;
use std::os::unix::fs::{PermissionsExt as _, symlink};

fn request(words: &[&str]) -> CommandRequest {
    CommandRequest {
        words: words.iter().map(OsString::from).collect(),
        user: Some("root".into()),
        group: None,
    }
}

fn secure() -> ScriptRules {
    ScriptRules {
        security: true,
        ..ScriptRules::default()
    }
}

/// A folder below a sticky one, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("command-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self(path)
    }

    fn script(&self, name: &str, mode: u32) -> String {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn is_root() -> bool {
    geteuid().is_root()
}

fn text(found: &CommandFound) -> String {
    let all: Vec<&str> = found.remarks.iter().map(|r| r.text.as_str()).collect();
    all.join("; ")
}

#[test]
fn found_by_path_and_by_name_without_links() {
    for name in ["true", "/bin/true", "/usr/bin/true"] {
        let found = find(&request(&[name, "a b"]), &secure());
        let command = found
            .command
            .as_ref()
            .unwrap_or_else(|| panic!("{}", text(&found)));
        assert_eq!(command.path, fs::canonicalize("/bin/true").unwrap());
        assert_eq!(command.args, ["a b"]);
        assert_eq!(found.remarks, [], "{name}");
    }
}

#[test]
fn a_path_below_a_link_is_secure_and_kept_if_wanted() {
    let rules = ScriptRules {
        keep_symlinks: true,
        ..secure()
    };
    let found = find(&request(&["/bin/true"]), &rules);
    assert_eq!(found.command.unwrap().path, Path::new("/bin/true"));
    assert_eq!(found.remarks, []);
}

#[test]
fn what_cannot_be_run_is_told() {
    let folder = Folder::new("unusable");
    let plain = folder.script("plain.sh", 0o644);
    let gone = folder.0.join("gone/x.sh");
    let gone = gone.to_str().unwrap();
    for (words, part) in [
        (&["nothing-of-this-name"][..], "not found in PATH"),
        (&[gone], "gone"),
        (&[plain.as_str()], "not executable"),
        (&["/usr"], "not a file"),
        (&[], "empty"),
    ] {
        let found = find(&request(words), &ScriptRules::default());
        assert_eq!(found.command, None, "{words:?}");
        assert!(text(&found).contains(part), "{}", text(&found));
    }
    let nobody = CommandRequest {
        user: Some("no-such-user".into()),
        ..request(&["true"])
    };
    assert!(text(&find(&nobody, &secure())).contains("no user no-such-user"));
}

#[test]
fn a_file_others_may_change_is_named_with_its_fix() {
    if !is_root() {
        return;
    }
    let folder = Folder::new("insecure");
    let open = folder.script("open.sh", 0o757);
    let found = find(&request(&[&open]), &secure());
    assert_eq!(found.command, None);
    let remark = &found.remarks[0];
    assert_eq!(remark.kind, RemarkKind::Insecure);
    assert!(
        remark.text.contains(&open) && remark.text.contains("0757"),
        "{}",
        remark.text
    );
    assert_eq!(
        remark.help.as_deref(),
        Some(format!("chmod o-w {open}").as_str())
    );
    let lax = find(&request(&[&open]), &ScriptRules::default());
    assert!(lax.command.is_some() && lax.remarks.len() == 1);
}

#[test]
fn a_folder_others_may_change_is_named() {
    if !is_root() {
        return;
    }
    let folder = Folder::new("folder");
    let script = folder.script("sub/x.sh", 0o755);
    let sub = folder.0.join("sub");
    fs::set_permissions(&sub, fs::Permissions::from_mode(0o777)).unwrap();
    let found = find(&request(&[&script]), &secure());
    let help = found.remarks[0].help.clone();
    assert_eq!(help, Some(format!("chmod o-w {}", sub.display())));
    // The way through the link is only as safe as the folder of the link.
    let link = folder.0.join("sub/link");
    symlink("/usr/bin/true", &link).unwrap();
    let keep = ScriptRules {
        keep_symlinks: true,
        ..secure()
    };
    let through = request(&[link.to_str().unwrap()]);
    assert_eq!(find(&through, &keep).command, None);
    assert!(find(&through, &secure()).command.is_some());
}

#[test]
fn somebody_elses_script_is_his_own_matter() {
    if !is_root() {
        return;
    }
    let folder = Folder::new("own");
    let open = folder.script("open.sh", 0o777);
    let theirs = CommandRequest {
        user: Some("nobody".into()),
        ..request(&[&open])
    };
    let found = find(&theirs, &secure());
    assert_eq!(
        (found.remarks.len(), found.command.unwrap().account.uid),
        (0, 65534)
    );
}

#[test]
fn accounts() {
    let root = account("root", None, false).unwrap();
    assert_eq!((root.uid, root.gid, root.groups.len()), (0, 0, 0));
    assert!(
        account("root", Some(":"), false)
            .unwrap()
            .groups
            .contains(&0)
    );
    assert!(account("root", None, true).unwrap().groups.contains(&0));
    let daemon = account("root", Some(":daemon"), false).unwrap();
    assert_eq!((daemon.gid, daemon.groups.contains(&1)), (1, true));
    assert!(account("root", Some("no-such-group"), false).is_err());
}
