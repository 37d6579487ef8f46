//! What a method call is answered. Words and names of errors are those of GLib, which
//! the C daemon answers with.

use std::collections::BTreeSet;

use super::introspection::{Kind, xml};
use super::line::Request;
use super::objects::{Object, Objects};
use super::{INSTANCE_INTERFACE, State, VRRP_INTERFACE};

/// The interface that lists objects.
pub const MANAGER: &str = "org.freedesktop.DBus.ObjectManager";
/// The interface of properties.
pub const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const INTROSPECTABLE: &str = "org.freedesktop.DBus.Introspectable";
const PEER: &str = "org.freedesktop.DBus.Peer";

const UNKNOWN_METHOD: &str = "org.freedesktop.DBus.Error.UnknownMethod";
const INVALID_ARGS: &str = "org.freedesktop.DBus.Error.InvalidArgs";

/// A method call.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The object.
    pub path: &'a str,
    /// The interface; without one the first that has the method.
    pub interface: Option<&'a str>,
    /// The method.
    pub member: &'a str,
    /// The arguments; nothing in place of one that is not a text.
    pub arguments: &'a [Option<String>],
}

/// The value of a property.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Value {
    /// `Name`, of type `(s)`.
    Name(String),
    /// `State`, of type `(us)`.
    State(State),
}

/// The properties of an object.
pub type Values = Vec<(&'static str, Value)>;

/// What comes of a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// Done: an empty answer.
    Nothing,
    /// A text.
    Text(String),
    /// A property.
    Value(Value),
    /// Those of an interface.
    Values(Values),
    /// All objects, with their interface and its properties.
    Objects(Vec<(String, &'static str, Values)>),
    /// The VRRP process is to do something.
    Ask(Request),
    /// The parent process is to read the configuration.
    Reload,
    /// What the library answers for every program.
    Peer,
    /// An error, by name, and its text.
    Error(&'static str, String),
}

/// The properties of an instance.
#[must_use]
pub fn properties(object: &Object) -> Values {
    vec![
        ("Name", Value::Name(object.name.clone())),
        ("State", Value::State(object.state)),
    ]
}

/// Answer a call.
#[must_use]
pub fn answer(objects: &Objects, call: &Call<'_>) -> Answer {
    let Some(kind) = kind(objects, call.path) else {
        let text = format!("Object does not exist at path “{}”", call.path);
        return Answer::Error(UNKNOWN_METHOD, text);
    };
    let own = match kind {
        Kind::Node => None,
        Kind::Manager => Some(MANAGER),
        Kind::Daemon => Some(VRRP_INTERFACE),
        Kind::Instance => Some(INSTANCE_INTERFACE),
    };
    let all = [INTROSPECTABLE, PEER, PROPERTIES];
    let has = |name: &str| all.contains(&name) || own == Some(name);
    if let Some(interface) = call.interface.filter(|name| !has(name)) {
        let path = call.path;
        let text = format!("No such interface “{interface}” on object at path {path}");
        return Answer::Error(UNKNOWN_METHOD, text);
    }
    let interfaces = own.into_iter().chain(all);
    let asked = interfaces.filter(|name| call.interface.is_none_or(|asked| asked == *name));
    let mut found = asked.filter_map(|interface| method(objects, kind, interface, call));
    found.next().unwrap_or_else(|| {
        let text = format!("No such method “{}”", call.member);
        Answer::Error(UNKNOWN_METHOD, text)
    })
}

/// What kind of object there is at the path.
fn kind(objects: &Objects, path: &str) -> Option<Kind> {
    if path == objects.paths().root() {
        Some(Kind::Manager)
    } else if path == objects.paths().daemon() {
        Some(Kind::Daemon)
    } else if objects.get(path).is_some() {
        Some(Kind::Instance)
    } else {
        let has_children = children(objects, path).next().is_some();
        has_children.then_some(Kind::Node)
    }
}

/// The last elements of the paths right below, sorted; some may be there twice.
fn children<'a>(objects: &'a Objects, path: &'a str) -> impl Iterator<Item = String> + 'a {
    let above = if path == "/" { "" } else { path };
    let daemon = objects.paths().daemon();
    let instances = objects.instances().map(|(path, _)| path.to_owned());
    instances.chain([daemon]).filter_map(move |path| {
        let below = path.strip_prefix(above)?.strip_prefix('/')?;
        below.split('/').next().map(str::to_owned)
    })
}

fn method(objects: &Objects, kind: Kind, interface: &str, call: &Call<'_>) -> Option<Answer> {
    let expected = match (interface, call.member) {
        (PROPERTIES, "Get") => 2,
        (PROPERTIES, "GetAll") => 1,
        (PROPERTIES, "Set") => 3,
        _ => 0,
    };
    let answer = match (interface, call.member) {
        (VRRP_INTERFACE, "PrintData") => Answer::Ask(Request::PrintData),
        (VRRP_INTERFACE, "PrintStats") => Answer::Ask(Request::PrintStats),
        (VRRP_INTERFACE, "PrintStatsClear") => Answer::Ask(Request::PrintStatsClear),
        (VRRP_INTERFACE, "ReloadConfig") => Answer::Reload,
        (INSTANCE_INTERFACE, "SendGarp") => {
            let object = objects.get(call.path)?;
            Answer::Ask(Request::SendGarp(object.name.clone()))
        }
        (INTROSPECTABLE, "Introspect") => Answer::Text(introspect(objects, kind, call.path)),
        (PEER, "Ping" | "GetMachineId") => Answer::Peer,
        (MANAGER, "GetManagedObjects") => Answer::Objects(managed(objects)),
        (PROPERTIES, "Get") => get(objects, call),
        (PROPERTIES, "GetAll") => get_all(objects, call),
        (PROPERTIES, "Set") => {
            let name = text(call, 1);
            Answer::Error(INVALID_ARGS, format!("Property “{name}” is not writable"))
        }
        _ => return None,
    };
    if call.arguments.len() == expected {
        return Some(answer);
    }
    let (member, count) = (call.member, call.arguments.len());
    let text = format!("“{member}” takes {expected} arguments, and not {count}");
    Some(Answer::Error(INVALID_ARGS, text))
}

fn text<'a>(call: &Call<'a>, place: usize) -> &'a str {
    let argument = call.arguments.get(place);
    argument.and_then(Option::as_deref).unwrap_or_default()
}

fn introspect(objects: &Objects, kind: Kind, path: &str) -> String {
    let names: BTreeSet<String> = children(objects, path).collect();
    xml(kind, names.iter().map(String::as_str))
}

/// The properties of the interface that the call names.
fn values_of(objects: &Objects, call: &Call<'_>) -> Option<Values> {
    match text(call, 0) {
        INSTANCE_INTERFACE => objects.get(call.path).map(properties),
        VRRP_INTERFACE => (call.path == objects.paths().daemon()).then(Vec::new),
        INTROSPECTABLE | PEER | PROPERTIES | MANAGER => Some(Vec::new()),
        _ => None,
    }
}

fn get(objects: &Objects, call: &Call<'_>) -> Answer {
    let Some(values) = values_of(objects, call) else {
        return no_interface(call);
    };
    let name = text(call, 1);
    let found = values.into_iter().find(|(known, _)| *known == name);
    match found {
        Some((_, value)) => Answer::Value(value),
        None => Answer::Error(INVALID_ARGS, format!("No such property “{name}”")),
    }
}

fn get_all(objects: &Objects, call: &Call<'_>) -> Answer {
    values_of(objects, call).map_or_else(|| no_interface(call), Answer::Values)
}

fn no_interface(call: &Call<'_>) -> Answer {
    let name = text(call, 0);
    Answer::Error(INVALID_ARGS, format!("No such interface “{name}”"))
}

fn managed(objects: &Objects) -> Vec<(String, &'static str, Values)> {
    let daemon = (objects.paths().daemon(), VRRP_INTERFACE, Vec::new());
    let instances = objects.instances();
    let instances =
        instances.map(|(path, object)| (path.to_owned(), INSTANCE_INTERFACE, properties(object)));
    std::iter::once(daemon).chain(instances).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dbus::Identity;
    use crate::dbus::line::News;
    use crate::dbus::path::Paths;
    use crate::model::{Family, Vrid};

    const DAEMON: &str = "/org/keepalived/Vrrp1/Vrrp";
    const VI_1: &str = "/org/keepalived/Vrrp1/Instance/eth0/51/IPv4";

    fn objects() -> Objects {
        let mut objects = Objects::new(Paths::new(None, None, "none"));
        for (vrid, family) in [(51, Family::V4), (51, Family::V6), (52, Family::V4)] {
            let identity = Identity {
                name: "VI_1".to_owned(),
                interface: Some("eth0".to_owned()),
                vrid: Vrid(vrid),
                family,
            };
            objects.on(News::Instance(identity, State::Master));
        }
        objects
    }

    fn call(path: &str, interface: &str, member: &str, arguments: &[&str]) -> Answer {
        let arguments: Vec<_> = arguments.iter().map(|a| Some((*a).to_owned())).collect();
        let call = Call {
            path,
            interface: (!interface.is_empty()).then_some(interface),
            member,
            arguments: &arguments,
        };
        answer(&objects(), &call)
    }

    fn error(answer: Answer) -> (&'static str, String) {
        let Answer::Error(name, text) = answer else {
            panic!("no error: {answer:?}");
        };
        (name, text)
    }

    fn introspected(path: &str) -> String {
        let answer = call(path, INTROSPECTABLE, "Introspect", &[]);
        let Answer::Text(text) = answer else {
            panic!("no text: {answer:?}");
        };
        text
    }

    #[test]
    fn methods_become_requests() {
        let asked = [
            ("PrintData", Request::PrintData),
            ("PrintStats", Request::PrintStats),
            ("PrintStatsClear", Request::PrintStatsClear),
        ];
        for (member, request) in asked {
            let expected = Answer::Ask(request);
            assert_eq!(call(DAEMON, VRRP_INTERFACE, member, &[]), expected);
        }
        assert_eq!(call(DAEMON, "", "ReloadConfig", &[]), Answer::Reload);
        let garp = Answer::Ask(Request::SendGarp("VI_1".to_owned()));
        assert_eq!(call(VI_1, INSTANCE_INTERFACE, "SendGarp", &[]), garp);
        assert_eq!(call(VI_1, "", "SendGarp", &[]), garp);
    }

    #[test]
    fn properties_are_read_one_by_one_and_together() {
        let name = Value::Name("VI_1".to_owned());
        let state = Value::State(State::Master);
        let get = |property| call(VI_1, PROPERTIES, "Get", &[INSTANCE_INTERFACE, property]);
        assert_eq!(get("Name"), Answer::Value(name.clone()));
        assert_eq!(get("State"), Answer::Value(state.clone()));
        let all = Answer::Values(vec![("Name", name), ("State", state)]);
        assert_eq!(call(VI_1, PROPERTIES, "GetAll", &[INSTANCE_INTERFACE]), all);
        let none = Answer::Values(Vec::new());
        assert_eq!(call(DAEMON, PROPERTIES, "GetAll", &[VRRP_INTERFACE]), none);
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        let of = |path, interface, member, arguments: &[&str]| {
            error(call(path, interface, member, arguments))
        };
        let unknown = [
            of(
                "/org/keepalived/Vrrp1/x",
                INSTANCE_INTERFACE,
                "SendGarp",
                &[],
            ),
            of("/org/keepalived/Vrrp", INTROSPECTABLE, "Introspect", &[]),
            of(VI_1, "org.keepalived.Vrrp1.Other", "SendGarp", &[]),
            of(DAEMON, INSTANCE_INTERFACE, "SendGarp", &[]),
            of(VI_1, INSTANCE_INTERFACE, "PrintData", &[]),
        ];
        for (name, text) in unknown {
            assert_eq!(name, UNKNOWN_METHOD, "{text}");
        }
        let invalid = [
            of(VI_1, PROPERTIES, "Get", &[INSTANCE_INTERFACE, "Nope"]),
            of(VI_1, PROPERTIES, "Get", &["a.b", "Name"]),
            of(VI_1, PROPERTIES, "GetAll", &[VRRP_INTERFACE]),
            of(VI_1, PROPERTIES, "Set", &[INSTANCE_INTERFACE, "Name", "x"]),
            of(VI_1, INSTANCE_INTERFACE, "SendGarp", &["x"]),
        ];
        for (name, text) in invalid {
            assert_eq!(name, INVALID_ARGS, "{text}");
        }
    }

    #[test]
    fn the_tree_is_found_from_its_root() {
        for (path, child) in [
            ("/", "org"),
            ("/org", "keepalived"),
            ("/org/keepalived", "Vrrp1"),
            ("/org/keepalived/Vrrp1", "Vrrp"),
            ("/org/keepalived/Vrrp1", "Instance"),
            ("/org/keepalived/Vrrp1/Instance", "eth0"),
            ("/org/keepalived/Vrrp1/Instance/eth0", "51"),
            ("/org/keepalived/Vrrp1/Instance/eth0", "52"),
            ("/org/keepalived/Vrrp1/Instance/eth0/51", "IPv6"),
        ] {
            let text = introspected(path);
            let node = format!("<node name=\"{child}\"/>");
            assert_eq!(text.matches(&node).count(), 1, "{path}: {text}");
        }
        for (path, interface) in [
            ("/org/keepalived/Vrrp1", MANAGER),
            (DAEMON, VRRP_INTERFACE),
            (VI_1, INSTANCE_INTERFACE),
        ] {
            let text = introspected(path);
            let own = format!("<interface name=\"{interface}\">");
            assert!(text.contains(&own) && text.contains(PROPERTIES), "{text}");
        }
    }

    #[test]
    fn all_objects_are_listed_with_their_properties() {
        let listed = call("/org/keepalived/Vrrp1", MANAGER, "GetManagedObjects", &[]);
        let Answer::Objects(list) = listed else {
            panic!("no list: {listed:?}");
        };
        assert_eq!(list.len(), 4);
        let found = list.iter().find(|(path, _, _)| path == VI_1);
        let (_, interface, values) = found.unwrap();
        assert_eq!((*interface, values.len()), (INSTANCE_INTERFACE, 2));
    }
}
