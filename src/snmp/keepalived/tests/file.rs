//! What the MIB file says: names, numbers, types and access of its objects.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::snmp::Value;

const TEXT: &str = include_str!("../../../../doc/mibs/KEEPALIVED-MIB.txt");

/// An object of the file.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) name: String,
    /// Below the name of the MIB.
    pub(super) numbers: Vec<u32>,
    pub(super) access: String,
    syntax: String,
}

impl Object {
    pub(super) fn is_readable(&self) -> bool {
        self.access != "not-accessible"
    }

    /// Whether it may have this value.
    pub(super) fn check(&self, value: &Value) {
        let syntax = self.syntax.as_str();
        let base = syntax.split([' ', '{', '(']).next().unwrap_or_default();
        let fits = match (base, value) {
            ("DisplayString" | "InetAddress", Value::OctetString(_))
            | ("Integer32", Value::Integer(_))
            | ("Unsigned32" | "Gauge32" | "Realm", Value::Gauge32(_))
            | ("Counter32", Value::Counter32(_))
            | ("Counter64", Value::Counter64(_))
            | ("InetPortNumber" | "InetAddressPrefixLength", Value::Gauge32(_))
            | ("InterfaceIndex", Value::Integer(_)) => true,
            ("TruthValue" | "InetAddressType", Value::Integer(number)) => (1..=2).contains(number),
            ("InetScopeType", Value::Integer(number)) => [0, 1, 2, 5, 14].contains(number),
            ("INTEGER", Value::Integer(number)) => is_named(syntax, *number),
            (convention, Value::Integer(number)) => is_named(&convention_of(convention), *number),
            _ => false,
        };
        // The access of accept differs between the versions: 0 says that there is none.
        let is_other = self.name == "vrrpInstanceAccept" && *value == Value::Integer(0);
        assert!(fits || is_other, "{}: {syntax} is not {value:?}", self.name);
    }
}

/// Whether an enumeration has a name for a number.
fn is_named(enumeration: &str, number: i32) -> bool {
    enumeration.contains(&format!("({number})"))
}

/// The enumeration of a textual convention.
fn convention_of(name: &str) -> String {
    let begin = format!("{name} ::= TEXTUAL-CONVENTION");
    let text = TEXT.split(&begin).nth(1);
    let text = text.unwrap_or_else(|| panic!("the file has no {name}"));
    text.split('}').next().unwrap_or_default().to_owned()
}

/// All objects by their numbers.
pub(super) fn objects() -> &'static BTreeMap<Vec<u32>, Object> {
    static OBJECTS: OnceLock<BTreeMap<Vec<u32>, Object>> = OnceLock::new();
    OBJECTS.get_or_init(read)
}

/// The object of a variable.
pub(super) fn object_of(name: &[u32]) -> Object {
    let below = name.get(9..).unwrap_or_default();
    let lengths = (0..=below.len()).rev();
    let mut found = lengths.filter_map(|length| objects().get(&below[..length]));
    let found = found.next();
    found
        .unwrap_or_else(|| panic!("the file has no {name:?}"))
        .clone()
}

fn read() -> BTreeMap<Vec<u32>, Object> {
    let mut numbers: BTreeMap<&str, Vec<u32>> = BTreeMap::from([("keepalived", Vec::new())]);
    let mut objects = BTreeMap::new();
    let definitions: Vec<&str> = definitions().collect();
    // What is defined may stand behind its use.
    for _ in 0..6 {
        for text in &definitions {
            if let Some((name, parent, number)) = place(text)
                && let Some(above) = numbers.get(parent)
            {
                let own = [above.as_slice(), &[number]].concat();
                numbers.insert(name, own);
            }
        }
    }
    for text in definitions
        .iter()
        .filter(|text| text.contains(" OBJECT-TYPE\n"))
    {
        let (name, ..) = place(text).expect("an object has a place");
        let object = Object {
            name: name.to_owned(),
            numbers: numbers[name].clone(),
            access: between(text, "MAX-ACCESS", "STATUS"),
            syntax: between(text, "SYNTAX", "MAX-ACCESS"),
        };
        if !object.syntax.starts_with("SEQUENCE") && !name.ends_with("Entry") {
            objects.insert(object.numbers.clone(), object);
        }
    }
    objects
}

/// Everything between two empty lines, and each line with a place in a block of them.
fn definitions() -> impl Iterator<Item = &'static str> {
    TEXT.split("\n\n").flat_map(|block| {
        let lines = block
            .lines()
            .filter(|line| line.contains(" OBJECT IDENTIFIER ::="));
        let lines: Vec<&str> = lines.collect();
        if lines.is_empty() { vec![block] } else { lines }
    })
}

/// `name ... ::= { parent number }`
fn place(text: &str) -> Option<(&str, &str, u32)> {
    let name = text.split_whitespace().next()?;
    let place = text.rsplit("::= {").next()?;
    let mut words = place.split_whitespace();
    let (parent, number) = (words.next()?, words.next()?.parse().ok()?);
    Some((name, parent, number))
}

fn between(text: &str, begin: &str, end: &str) -> String {
    let text = text.split(begin).nth(1).unwrap_or_default();
    let words = text.split(end).next().unwrap_or_default();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
