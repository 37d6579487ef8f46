//! From what the text says to what the checker process runs.
//!
//! A mistake costs no more than what it concerns: a check, a real server, or a virtual
//! server that has none left. The rest serves on.

mod advice;
pub(super) mod checker;
mod persistence;
mod service;

use std::collections::HashMap;
use std::rc::Rc;

use super::draft::{CheckDraft, Head};
use super::group::ServiceGroup;
use super::service::CheckConfig;
use crate::check::checker::{Pattern, Timing};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::script::FindCommand;
use crate::control_plane::source::Span;
use crate::control_plane::value::Spanned;
use crate::global::lvs::LvsGlobal;
use crate::ipvs::{Forwarding, ServiceKey};
use crate::model::Family;
use crate::vrrp::config::FileConfig;

/// What the rest of the configuration says for virtual servers.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The global settings.
    pub lvs: &'a LvsGlobal,
    /// `smtp_alert` of all processes.
    pub smtp_alert: Option<bool>,
    /// `track_file`
    pub files: &'a [FileConfig],
    /// Names of `bfd_instance` blocks, with their places.
    pub sessions: &'a [Spanned<String>],
}

/// Complete the virtual servers. `commands` finds scripts.
pub fn resolve(
    draft: CheckDraft,
    around: &Surroundings<'_>,
    commands: &mut dyn FindCommand,
) -> CheckConfig {
    let CheckDraft {
        tls,
        mut groups,
        services,
    } = draft;
    let mut resolver = Resolver {
        around,
        commands,
        last_pattern: None,
        last_timing: None,
        slow: None,
    };
    resolver.groups(&mut groups);
    let numbers: HashMap<&str, usize> = groups.iter().map(|g| g.name.as_str()).zip(0..).collect();
    let mut compiled = Vec::with_capacity(services.len());
    let mut places = Vec::with_capacity(services.len());
    for service in services {
        let place = service.span;
        let group = match &service.head {
            Head::Group(name) => match numbers.get(name.as_str()) {
                Some(number) => Some(*number),
                None => {
                    resolver.no_group(name);
                    continue;
                }
            },
            Head::Address(..) | Head::Mark(_) => None,
        };
        let group = group.and_then(|number| Some((number, groups.get(number)?)));
        if let Some(service) = resolver.service(service, group) {
            compiled.push(service);
            places.push(place);
        }
    }
    compiled.shrink_to_fit();
    let mut config = CheckConfig {
        tls,
        groups,
        services: compiled,
    };
    resolver.duplicates(&mut config, &places);
    config
}

/// What a resolution needs.
struct Resolver<'a> {
    around: &'a Surroundings<'a>,
    commands: &'a mut dyn FindCommand,
    /// The pattern last found to be one.
    last_pattern: Option<Pattern>,
    last_timing: Option<Rc<Timing>>,
    /// The virtual server whose checks were last found to be slow: one is told of each.
    slow: Option<Span>,
}

impl Resolver<'_> {
    fn diags(&mut self) -> &mut Diags {
        self.commands.diags()
    }

    fn error(&mut self, span: Span, text: impl Into<String>) {
        self.diags().error(Code::General, span, text);
    }

    fn warn(&mut self, span: Span, text: impl Into<String>) {
        self.diags().warn(Code::Warning, span, text);
    }

    fn no_group(&mut self, name: &Spanned<String>) {
        let text = format!(
            "there is no virtual_server_group `{}` with an entry: the virtual server is not used",
            name.value
        );
        self.warn(name.span, text);
        self.diags().lint("group-missing");
    }

    /// Groups without entries are as none. One with both families makes sense only
    /// with tunnels.
    fn groups(&mut self, groups: &mut Vec<ServiceGroup>) {
        for group in groups.iter().filter(|group| group.entries.is_empty()) {
            let text = format!("virtual_server_group `{}` has no entries", group.name.value);
            self.error(group.name.span, text);
        }
        groups.retain(|group| !group.entries.is_empty());
        groups.shrink_to_fit();
        for group in groups {
            group.entries.shrink_to_fit();
        }
    }

    /// A second service for the same packets could never be the kernel's: where the
    /// whole of it is the same it is not used, else it is told.
    fn duplicates(&mut self, config: &mut CheckConfig, places: &[Span]) {
        let mut seen: HashMap<ServiceKey, usize> = HashMap::new();
        let mut same = Vec::new();
        for (number, (service, place)) in config.services.iter().zip(places).enumerate() {
            let keys = config.keys(service);
            let mut taken = None;
            for key in &keys {
                if let Some(other) = seen.get(key) {
                    taken.get_or_insert((*key, *other));
                } else {
                    seen.insert(*key, number);
                }
            }
            let Some((key, other)) = taken else { continue };
            let whole = config.group(service).is_none();
            let text = if whole {
                format!("{key} has a virtual server already: this one is not used")
            } else {
                format!("{key} belongs to several virtual servers: the first one has it")
            };
            self.warn(*place, text);
            self.diags().lint("service-twice");
            if let Some(place) = places.get(other) {
                self.diags().note(*place, "the first one is here");
                self.diags().lint("service-twice");
            }
            same.extend(whole.then_some(number));
        }
        let mut number = 0;
        config.services.retain(|_| {
            number += 1;
            !same.contains(&(number - 1))
        });
    }
}

/// Whether a server of this family can be behind a service of that one.
fn family_fits(service: Option<Family>, server: Family, forwarding: Forwarding) -> bool {
    matches!(forwarding, Forwarding::Tunnel(_)) || service.is_none_or(|family| family == server)
}
