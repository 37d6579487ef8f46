//! What is said of checks: lines of the log and mails, in the words that people and
//! programs look for (`runtime-interfaces.md` section 8).

use super::checker::{Checker, Kind};

/// A check in messages.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// What the configuration says of it.
    pub checker: &'a Checker,
    /// Its server.
    pub server: &'a str,
    /// The virtual server.
    pub service: &'a str,
}

/// How a check came to fail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
    /// It counts as down now, after so many retries.
    Final(u32),
    /// It is tried again so often.
    Retry(u32),
    /// It is down already.
    Still,
}

impl Named<'_> {
    /// The line of a check that has passed, for the first time or again.
    #[must_use]
    pub fn success(&self) -> String {
        let server = self.server;
        match &self.checker.kind {
            Kind::Tcp(_) => format!("TCP connection to {server} success."),
            Kind::Udp(_) => format!("UDP connection to {server} success."),
            Kind::Ping(_) => format!("ICMP connection to {server} success."),
            Kind::Http(_) => format!("Remote Web server {server} succeed on service."),
            Kind::Smtp(_) => format!("Remote SMTP server {server} succeed on service."),
            Kind::Dns(_) => format!("DNS_CHECK ({server}) success."),
            Kind::Misc(misc) => format!("{} succeeded.", self.script(&misc.given)),
            Kind::File(_) | Kind::Bfd(_) => {
                let keyword = self.checker.kind.keyword();
                format!("{keyword} on service {server} success.")
            }
        }
    }

    /// The line of a check that has failed because of `why`.
    #[must_use]
    pub fn failure(&self, why: &str, failure: Failure) -> String {
        let server = self.server;
        let course = match (failure, &self.checker.kind) {
            (Failure::Final(0), Kind::Misc(_)) => " with retry disabled".to_owned(),
            (Failure::Final(0) | Failure::Still, _)
            | (Failure::Final(_), Kind::File(_) | Kind::Bfd(_)) => String::new(),
            (Failure::Final(retries), _) => format!(" after {retries} retries"),
            (Failure::Retry(left), Kind::Misc(_)) => format!(", will do {left} retries"),
            (Failure::Retry(left), _) => format!(", {left} retries left"),
        };
        match &self.checker.kind {
            Kind::Misc(misc) if why == TIMED_OUT => {
                format!("{} {TIMED_OUT}{course}.", self.script(&misc.given))
            }
            Kind::Misc(misc) => format!("{} failed{course} ({why}).", self.script(&misc.given)),
            Kind::Dns(_) => format!("DNS_CHECK ({server}) {why}{course}"),
            Kind::Smtp(_) => format!("SMTP_CHECK on service {server} failed{course}. {why}"),
            Kind::Tcp(_) | Kind::Udp(_) | Kind::File(_) | Kind::Bfd(_) => {
                let keyword = self.checker.kind.keyword();
                format!("{keyword} on service {server} failed{course}. {why}")
            }
            Kind::Ping(_) => format!("ICMP CHECK on service {server} failed{course}. {why}"),
            Kind::Http(_) => format!("HTTP_CHECK on service {server} failed{course}. {why}"),
        }
    }

    /// The body of the mail of a check that has come up, or gone down because of `why`,
    /// without the arrows around it.
    #[must_use]
    pub fn mail(&self, up: bool, why: &str) -> String {
        let went = if up { "succeed" } else { "failed" };
        match &self.checker.kind {
            Kind::Http(_) | Kind::Smtp(_) if up => "CHECK succeed on service".to_owned(),
            Kind::Http(_) => "CHECK failed on service : HTTP request failed".to_owned(),
            Kind::Smtp(_) => format!("CHECK failed on service : {why}"),
            Kind::Tcp(_) => format!("TCP CHECK {went} on service"),
            Kind::Udp(_) => format!("UDP CHECK {went} on service"),
            Kind::Ping(_) => format!("ICMP CHECK {went} on service"),
            Kind::Dns(_) => format!("DNS_CHECK: {went} on service"),
            Kind::Misc(_) if up => "MISC CHECK succeeded on service".to_owned(),
            Kind::Misc(_) => "MISC CHECK failed on service".to_owned(),
            Kind::File(_) => format!("FILE CHECK {went} on service"),
            Kind::Bfd(_) => format!("BFD CHECK {went} on service"),
        }
    }

    fn script(&self, given: &str) -> String {
        let (server, service) = (self.server, self.service);
        format!("Misc check for [{server} VS {service}] by [{given}]")
    }
}

/// What is said of a script that took too long.
pub const TIMED_OUT: &str = "timed out";

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::time::Duration;

    use super::*;
    use crate::check::checker::{Endpoint, MiscSettings, Timing};
    use crate::model::{Account, Command};

    fn checker(kind: Kind) -> Checker {
        Checker {
            kind,
            timing: Rc::new(Timing {
                delay_loop: Duration::from_secs(1),
                retry: 1,
                delay_before_retry: Duration::from_secs(1),
                warmup: Some(Duration::ZERO),
            }),
            alpha: false,
            log_all_failures: false,
            ha_suspend: false,
        }
    }

    fn named(checker: &Checker) -> Named<'_> {
        Named {
            checker,
            server: "[10.1.0.1]:tcp:80",
            service: "[10.77.4.1]:tcp:80",
        }
    }

    #[test]
    fn words_of_a_connection() {
        let tcp = checker(Kind::Tcp(Endpoint {
            address: ([10, 1, 0, 1], 80).into(),
            own: None,
            timeout: Duration::from_secs(1),
        }));
        let named = named(&tcp);
        assert_eq!(
            named.success(),
            "TCP connection to [10.1.0.1]:tcp:80 success."
        );
        assert_eq!(
            named.failure("timeout", Failure::Final(3)),
            "TCP_CHECK on service [10.1.0.1]:tcp:80 failed after 3 retries. timeout"
        );
        assert_eq!(
            named.failure("timeout", Failure::Final(0)),
            "TCP_CHECK on service [10.1.0.1]:tcp:80 failed. timeout"
        );
        assert_eq!(named.mail(true, ""), "TCP CHECK succeed on service");
    }

    #[test]
    fn words_of_a_script() {
        let misc = checker(Kind::Misc(Box::new(MiscSettings {
            command: Command {
                path: "/usr/bin/sh".into(),
                name: "sh".into(),
                args: Vec::new(),
                account: Account::ROOT,
            },
            given: "/usr/bin/sh".into(),
            user: None,
            timeout: Duration::from_secs(1),
            dynamic: false,
        })));
        let named = named(&misc);
        let begin = "Misc check for [[10.1.0.1]:tcp:80 VS [10.77.4.1]:tcp:80] by [/usr/bin/sh]";
        assert_eq!(
            named.failure("exited with status 3", Failure::Final(0)),
            format!("{begin} failed with retry disabled (exited with status 3).")
        );
        assert_eq!(
            named.failure(TIMED_OUT, Failure::Final(2)),
            format!("{begin} timed out after 2 retries.")
        );
        assert_eq!(named.success(), format!("{begin} succeeded."));
        assert_eq!(named.mail(false, "exited"), "MISC CHECK failed on service");
    }
}
