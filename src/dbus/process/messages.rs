//! Calls, answers and signals in the library's types.

use std::collections::HashMap;
use std::ffi::CString;

use dbus::arg::{ArgType, PropMap, RefArg, Variant};
use dbus::channel::default_reply;
use dbus::strings::{ErrorName, Path};
use dbus::{Message, MessageType};

use crate::dbus::calls::{Answer, Call, MANAGER, PROPERTIES, Value, Values, properties};
use crate::dbus::objects::{Objects, Signal};
use crate::dbus::{INSTANCE_INTERFACE, State, VRRP_INTERFACE};

const BUS: &str = "org.freedesktop.DBus";

/// If the message is a call, hand it over.
pub(super) fn with_call(message: &Message, take: impl FnOnce(&Call<'_>)) {
    if message.msg_type() != MessageType::MethodCall {
        return;
    }
    let (Some(path), Some(member)) = (message.path(), message.member()) else {
        return;
    };
    let interface = message.interface();
    let mut arguments = Vec::new();
    let mut at = message.iter_init();
    while at.arg_type() != ArgType::Invalid {
        arguments.push(at.get::<&str>().map(str::to_owned));
        at.next();
    }
    take(&Call {
        path: &path,
        interface: interface.as_deref(),
        member: &member,
        arguments: &arguments,
    });
}

/// What to log of a message with which the bus gives or takes the name.
pub(super) fn ownership(message: &Message) -> Option<String> {
    let is_from_bus = message.sender().is_some_and(|sender| &*sender == BUS);
    if message.msg_type() != MessageType::Signal || !is_from_bus {
        return None;
    }
    let name: &str = message.get1()?;
    match &*message.member()? {
        _ if name.starts_with(':') => None,
        "NameAcquired" => Some(format!("Acquired the name {name} on the system bus")),
        "NameLost" => Some(format!("Lost the name {name} on the system bus")),
        _ => None,
    }
}

/// The answer to a call.
pub(super) fn reply(call: &Message, answer: Answer) -> Message {
    let empty = call.method_return();
    match answer {
        Answer::Nothing | Answer::Ask(_) | Answer::Reload => empty,
        Answer::Text(text) => empty.append1(text),
        Answer::Value(value) => empty.append1(variant(value)),
        Answer::Values(values) => empty.append1(map(values)),
        Answer::Objects(list) => empty.append1(tree(list)),
        Answer::Peer => default_reply(call).unwrap_or(empty),
        Answer::Error(name, text) => {
            let text = CString::new(text).unwrap_or_default();
            call.error(&ErrorName::from(name), &text)
        }
    }
}

fn variant(value: Value) -> Variant<Box<dyn RefArg>> {
    match value {
        Value::Name(name) => Variant(Box::new((name,))),
        Value::State(state) => Variant(Box::new((
            u32::from(state.number()),
            state.as_str().to_owned(),
        ))),
    }
}

fn map(values: Values) -> PropMap {
    let values = values.into_iter();
    values
        .map(|(name, value)| (name.to_owned(), variant(value)))
        .collect()
}

type Tree = HashMap<Path<'static>, HashMap<&'static str, PropMap>>;

fn tree(list: Vec<(String, &'static str, Values)>) -> Tree {
    let list = list.into_iter();
    list.filter_map(|(path, interface, values)| {
        let path = Path::new(path).ok()?;
        Some((path, HashMap::from([(interface, map(values))])))
    })
    .collect()
}

/// A signal, as one message or several.
pub(super) fn of(objects: &Objects, signal: &Signal) -> Vec<Message> {
    let daemon = |member| new(&objects.paths().daemon(), VRRP_INTERFACE, member);
    let root = |member| new(objects.paths().root(), MANAGER, member);
    let messages = match signal {
        Signal::Started => vec![daemon("VrrpStarted")],
        Signal::Reloaded => vec![daemon("VrrpReloaded")],
        Signal::Stopped => vec![daemon("VrrpStopped")],
        Signal::Added(path) => {
            let object = objects.get(path);
            let added = root("InterfacesAdded").zip(Path::new(path.as_str()).ok());
            vec![object.zip(added).map(|(object, (message, path))| {
                let values = map(properties(object));
                message.append2(path, HashMap::from([(INSTANCE_INTERFACE, values)]))
            })]
        }
        Signal::Removed(path) => {
            let removed = root("InterfacesRemoved").zip(Path::new(path.as_str()).ok());
            vec![removed.map(|(message, path)| message.append2(path, vec![INSTANCE_INTERFACE]))]
        }
        Signal::Status(path, state) => status(path, *state),
    };
    messages.into_iter().flatten().collect()
}

/// That of the C daemon, and the usual one for properties.
fn status(path: &str, state: State) -> Vec<Option<Message>> {
    let change = new(path, INSTANCE_INTERFACE, "VrrpStatusChange");
    let change = change.map(|message| message.append1(u32::from(state.number())));
    let values = map(vec![("State", Value::State(state))]);
    let properties = new(path, PROPERTIES, "PropertiesChanged")
        .map(|message| message.append3(INSTANCE_INTERFACE, values, Vec::<String>::new()));
    vec![change, properties]
}

/// Paths have been made to fit, so there is always one.
fn new(path: &str, interface: &str, member: &str) -> Option<Message> {
    Message::new_signal(path, interface, member).ok()
}
