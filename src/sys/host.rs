//! What the machine and the user that runs the daemon are called.

use std::fs;

use nix::unistd::{User, geteuid, gethostname};

/// The name of the machine with its domain, where `/etc/hosts` has one; else the
/// name alone, and `localhost` for a machine without.
#[must_use]
pub fn name() -> String {
    let name = gethostname().ok().and_then(|name| name.into_string().ok());
    let name = name.filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| "localhost".to_owned());
    if name.contains('.') {
        return name;
    }
    let hosts = fs::read_to_string("/etc/hosts").unwrap_or_default();
    canonical(&hosts, &name).unwrap_or(name)
}

/// The name of the user.
#[must_use]
pub fn user() -> String {
    let user = User::from_uid(geteuid()).ok().flatten();
    user.map_or_else(|| geteuid().to_string(), |user| user.name)
}

/// The first name of the line that has `name` among its names, if it has a domain
/// (`hosts(5)`).
fn canonical(hosts: &str, name: &str) -> Option<String> {
    let lines = hosts.lines();
    let mut lines = lines.map(|line| line.split('#').next().unwrap_or_default());
    lines.find_map(|line| {
        let mut names = line.split_whitespace().skip(1);
        let first = names.next()?;
        let found = first.contains('.') && names.any(|other| other == name);
        found.then(|| first.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_comes_from_the_table_of_hosts() {
        let hosts = "127.0.0.1 localhost\n# 10.0.0.1 x.example a\n10.0.0.2 a.example.net a # b\n";
        assert_eq!(canonical(hosts, "a").as_deref(), Some("a.example.net"));
        assert_eq!(canonical(hosts, "b"), None);
        assert_eq!(canonical(hosts, "localhost"), None);
        assert!(!name().is_empty() && !user().is_empty());
    }
}
