//! What can be told, and the words for it in scripts, pipes and mails
//! (`runtime-interfaces.md` sections 6 to 8).

use std::fmt;

/// Of whom something is told.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// A virtual router.
    Instance,
    /// A sync group.
    Group,
    /// A virtual server.
    Service,
    /// A real server of one.
    Server,
}

impl Kind {
    /// The word of scripts and pipes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Instance => "INSTANCE",
            Self::Group => "GROUP",
            Self::Service => "VS",
            Self::Server => "RS",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Instance => "VRRP Instance",
            Self::Group => "VRRP Group",
            Self::Service => "Virtualserver",
            Self::Server => "Realserver",
        }
    }
}

/// What is told.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum What {
    /// The state is MASTER.
    Master,
    /// The state is BACKUP.
    Backup,
    /// The state is FAULT.
    Fault,
    /// The daemon stops.
    Stop,
    /// A reload has removed it.
    Deleted,
    /// A master heard an advert of lower priority.
    MasterRxLowerPri,
    /// The effective priority of a master changed.
    MasterPriority,
    /// The effective priority of another changed.
    BackupPriority,
    /// A server is alive, a service has its quorum.
    Up,
    /// Neither.
    Down,
}

impl What {
    /// The word of scripts and pipes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Master => "MASTER",
            Self::Backup => "BACKUP",
            Self::Fault => "FAULT",
            Self::Stop => "STOP",
            Self::Deleted => "DELETED",
            Self::MasterRxLowerPri => "MASTER_RX_LOWER_PRI",
            Self::MasterPriority => "MASTER_PRIORITY",
            Self::BackupPriority => "BACKUP_PRIORITY",
            Self::Up => "UP",
            Self::Down => "DOWN",
        }
    }

    /// Whether it is a state: told to scripts and by mail, not only to pipes.
    #[must_use]
    pub const fn is_state(self) -> bool {
        match self {
            Self::Master
            | Self::Backup
            | Self::Fault
            | Self::Stop
            | Self::Deleted
            | Self::Up
            | Self::Down => true,
            Self::MasterRxLowerPri | Self::MasterPriority | Self::BackupPriority => false,
        }
    }
}

/// Something to tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Event<'a> {
    /// Of what.
    pub kind: Kind,
    /// Its name.
    pub name: &'a str,
    /// What it belongs to: the virtual server of a real one.
    pub of: Option<&'a str>,
    /// What.
    pub what: What,
    /// The effective priority; 0 for groups.
    pub priority: u8,
    /// Why.
    pub cause: &'a str,
}

impl Event<'_> {
    /// What `notify` gets behind its own arguments.
    #[must_use]
    pub fn arguments(&self) -> [String; 4] {
        [
            self.kind.as_str().to_owned(),
            self.name.to_owned(),
            self.what.as_str().to_owned(),
            self.priority.to_string(),
        ]
    }

    /// The subject of the mail.
    #[must_use]
    pub fn subject(&self, router: &str) -> String {
        let text = match self.what {
            What::Master => "Entering MASTER state",
            What::Backup => "Entering BACKUP state",
            What::Fault => "Entering FAULT state",
            What::Stop => "Stopping",
            What::Deleted => "Deleted",
            What::MasterRxLowerPri
            | What::MasterPriority
            | What::BackupPriority
            | What::Up
            | What::Down => self.what.as_str(),
        };
        let (title, name) = (self.kind.title(), self.name);
        let of = self.of.map(|of| format!(" of virtual server {of}"));
        let of = of.unwrap_or_default();
        format!("[{router}] {title} {name}{of} - {text}")
    }

    /// The text of the mail.
    #[must_use]
    pub fn body(&self) -> String {
        match (self.kind, self.what) {
            (Kind::Service | Kind::Server, _) => format!("=> {} <=", self.cause),
            (Kind::Instance, What::Master) => "=> VRRP Instance is now owning VRRP VIPs <=".into(),
            (Kind::Instance, What::Stop) => "=> VRRP Instance stopping <=".into(),
            (Kind::Instance, What::Deleted) => "=> VRRP Deleted at reload <=".into(),
            (Kind::Instance, _) => "=> VRRP Instance is no longer owning VRRP VIPs <=".into(),
            (Kind::Group, What::Stop) => "=> All VRRP group instances are now stopping <=".into(),
            (Kind::Group, what) => format!(
                "=> All VRRP group instances are now in {} state <=",
                what.as_str()
            ),
        }
    }
}

/// The line of a pipe.
impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, what) = (self.kind.as_str(), self.what.as_str());
        match self.kind {
            Kind::Instance | Kind::Group => {
                writeln!(f, "{kind} \"{}\" {what} {}", self.name, self.priority)
            }
            // These have an octet 0 behind the end of the line.
            Kind::Service => write!(f, "{kind} {} {what}\n\0", self.name),
            Kind::Server => {
                let of = self.of.unwrap_or_default();
                write!(f, "{kind} {} {of} {what}\n\0", self.name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: Kind, what: What) -> Event<'static> {
        Event {
            kind,
            name: "VI_1",
            of: None,
            what,
            priority: 150,
            cause: "because",
        }
    }

    #[test]
    fn lines_of_pipes() {
        let told = event(Kind::Instance, What::MasterRxLowerPri).to_string();
        assert_eq!(told, "INSTANCE \"VI_1\" MASTER_RX_LOWER_PRI 150\n");
        let told = event(Kind::Group, What::Stop).to_string();
        assert_eq!(told, "GROUP \"VI_1\" STOP 150\n");
    }

    #[test]
    fn words_of_mails() {
        let told = event(Kind::Instance, What::Master);
        assert_eq!(
            told.subject("r"),
            "[r] VRRP Instance VI_1 - Entering MASTER state"
        );
        assert_eq!(told.body(), "=> VRRP Instance is now owning VRRP VIPs <=");
        let told = event(Kind::Group, What::Fault);
        assert_eq!(
            told.subject("r"),
            "[r] VRRP Group VI_1 - Entering FAULT state"
        );
        assert_eq!(
            told.body(),
            "=> All VRRP group instances are now in FAULT state <="
        );
    }

    #[test]
    fn words_of_virtual_and_real_servers() {
        let server = Event {
            kind: Kind::Server,
            name: "[10.0.0.1]:tcp:80",
            of: Some("[10.9.0.1]:tcp:80"),
            what: What::Down,
            priority: 0,
            cause: "TCP CHECK failed on service",
        };
        let line = "RS [10.0.0.1]:tcp:80 [10.9.0.1]:tcp:80 DOWN\n\0";
        assert_eq!(server.to_string(), line);
        assert_eq!(
            server.subject("r"),
            "[r] Realserver [10.0.0.1]:tcp:80 of virtual server [10.9.0.1]:tcp:80 - DOWN"
        );
        assert_eq!(server.body(), "=> TCP CHECK failed on service <=");
        let service = Event {
            kind: Kind::Service,
            name: "FWM 5",
            of: None,
            what: What::Up,
            ..server
        };
        assert_eq!(service.to_string(), "VS FWM 5 UP\n\0");
        assert_eq!(service.subject("r"), "[r] Virtualserver FWM 5 - UP");
    }
}
