//! Records: structures that are one with their JSON form.
//!
//! A record is declared once, by [`record!`]: its fields are the members, in this
//! order, and what is said of a field is what the documentation says of the member. A
//! member that is missing, or not what it should be, is read as if it was empty, so
//! that programs of different versions understand each other as far as they can.

use std::net::IpAddr;
use std::time::Duration;

use super::node::Node;
use crate::dump::fact::{FlagForm, Value};
use crate::dump::json::Json;
use crate::model::UnixTime;

/// What a record may consist of.
pub trait Field: Sized {
    /// Append it, as an element or behind a key.
    fn put(&self, out: &mut Json);
    /// What a node says of it; the empty one if it says something else.
    fn take(node: &Node<'_>) -> Self;
}

/// A record, as its documentation needs it.
pub trait Record {
    /// What it is called.
    const NAME: &'static str;
    /// What is said of it.
    const ABOUT: &'static str;
    /// Its members: key, type, and what is said of them.
    const MEMBERS: &'static [(&'static str, &'static str, &'static str)];
}

/// Declare a structure that has a JSON form.
macro_rules! record {
    ($(#[doc = $about:literal])+ pub struct $name:ident {
        $($(#[doc = $doc:literal])+ pub $field:ident: $type:ty,)*
    }) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $type,)*
        }

        impl $crate::status::record::Field for $name {
            fn put(&self, out: &mut $crate::dump::json::Json) {
                out.object(|out| {
                    $(
                        out.key(stringify!($field));
                        $crate::status::record::Field::put(&self.$field, out);
                    )*
                });
            }

            fn take(node: &$crate::status::node::Node<'_>) -> Self {
                Self {
                    $($field: $crate::status::record::Field::take(
                        node.member(stringify!($field)),
                    ),)*
                }
            }
        }

        impl $crate::status::record::Record for $name {
            const NAME: &'static str = stringify!($name);
            const ABOUT: &'static str = concat!($($about),+);
            const MEMBERS: &'static [(&'static str, &'static str, &'static str)] =
                &[$((stringify!($field), stringify!($type), concat!($($doc),+)),)*];
        }
    };
}

pub(crate) use record;

impl Field for bool {
    fn put(&self, out: &mut Json) {
        out.element(Value::truth(*self, FlagForm::Bool));
    }

    fn take(node: &Node<'_>) -> Self {
        *node == Node::Flag(true)
    }
}

impl Field for u64 {
    fn put(&self, out: &mut Json) {
        out.element(Value::Number(*self));
    }

    fn take(node: &Node<'_>) -> Self {
        number(node)
    }
}

impl Field for i64 {
    fn put(&self, out: &mut Json) {
        out.element(Value::Signed(*self));
    }

    fn take(node: &Node<'_>) -> Self {
        number(node)
    }
}

/// In seconds, to the microsecond.
impl Field for Duration {
    fn put(&self, out: &mut Json) {
        out.element(Value::seconds(*self));
    }

    fn take(node: &Node<'_>) -> Self {
        let seconds = number(node);
        // To the microsecond, as it is written.
        Self::try_from_secs_f64(seconds)
            .map(|time| {
                let micros = (time + Self::from_nanos(500)).as_micros();
                Self::from_micros(u64::try_from(micros).unwrap_or_default())
            })
            .unwrap_or_default()
    }
}

/// In seconds since the epoch.
impl Field for UnixTime {
    fn put(&self, out: &mut Json) {
        out.element(Value::Moment(Some(*self)));
    }

    fn take(node: &Node<'_>) -> Self {
        Self(Duration::take(node))
    }
}

impl Field for String {
    fn put(&self, out: &mut Json) {
        out.string(self);
    }

    fn take(node: &Node<'_>) -> Self {
        match node {
            Node::Text(text) => text.clone().into_owned(),
            Node::Null | Node::Flag(_) | Node::Number(_) | Node::List(_) | Node::Object(_) => {
                Self::new()
            }
        }
    }
}

impl Field for Option<IpAddr> {
    fn put(&self, out: &mut Json) {
        match self {
            Some(address) => out.element(Value::Address(*address)),
            None => out.null(),
        }
    }

    fn take(node: &Node<'_>) -> Self {
        String::take(node).parse().ok()
    }
}

impl<T: Field> Field for Vec<T> {
    fn put(&self, out: &mut Json) {
        out.array(|out| self.iter().for_each(|item| item.put(out)));
    }

    fn take(node: &Node<'_>) -> Self {
        match node {
            Node::List(list) => list.iter().map(T::take).collect(),
            Node::Null | Node::Flag(_) | Node::Number(_) | Node::Text(_) | Node::Object(_) => {
                Self::new()
            }
        }
    }
}

/// `null` if there is none.
macro_rules! optional {
    ($($type:ty),*) => {
        $(impl Field for Option<$type> {
            fn put(&self, out: &mut Json) {
                match self {
                    Some(value) => value.put(out),
                    None => out.null(),
                }
            }

            fn take(node: &Node<'_>) -> Self {
                (*node != Node::Null).then(|| Field::take(node))
            }
        })*
    };
}

optional!(bool, u64, i64, Duration, UnixTime, String);

/// The same for a record.
macro_rules! optional_record {
    ($type:ty) => {
        impl $crate::status::record::Field for Option<$type> {
            fn put(&self, out: &mut $crate::dump::json::Json) {
                match self {
                    Some(value) => value.put(out),
                    None => out.null(),
                }
            }

            fn take(node: &$crate::status::node::Node<'_>) -> Self {
                (*node != $crate::status::node::Node::Null)
                    .then(|| $crate::status::record::Field::take(node))
            }
        }
    };
}

pub(crate) use optional_record;

fn number<T: std::str::FromStr + Default>(node: &Node<'_>) -> T {
    match node {
        Node::Number(text) => text.parse().unwrap_or_default(),
        Node::Null | Node::Flag(_) | Node::Text(_) | Node::List(_) | Node::Object(_) => {
            T::default()
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    record! {
        /// For these tests.
        pub struct Part {
            /// A number.
            pub number: i64,
            /// A word,
            /// in two lines.
            pub word: Option<String>,
        }
    }

    record! {
        /// The same.
        pub struct Whole {
            /// Parts.
            pub parts: Vec<Part>,
            /// A time.
            pub time: Duration,
            /// A moment.
            pub moment: UnixTime,
            /// An address.
            pub address: Option<IpAddr>,
            /// Yes or no.
            pub flag: bool,
            /// A count.
            pub count: u64,
        }
    }

    fn whole() -> Whole {
        let part = |number, word: Option<&str>| Part {
            number,
            word: word.map(str::to_owned),
        };
        Whole {
            parts: vec![part(-3, Some("a/\"b\"")), part(0, None)],
            time: Duration::from_micros(1_000_001),
            moment: UnixTime(Duration::from_micros(1_795_320_954_704_653)),
            address: Some("fe80::1".parse().unwrap()),
            flag: true,
            count: u64::MAX,
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let mut out = Json::default();
        whole().put(&mut out);
        let text = out.finish();
        assert!(text.starts_with(
            "{\"parts\":[{\"number\":-3,\"word\":\"a\\/\\\"b\\\"\"},{\"number\":0,\"word\":null}],\
             \"time\":1.000001,\"moment\":1795320954.704653,\"address\":\"fe80::1\",\"flag\":true,"
        ));
        let node = Node::parse(&text).expect("JSON");
        assert_eq!(Whole::take(&node), whole());
    }

    #[test]
    fn what_is_missing_or_otherwise_is_empty() {
        let node = Node::parse("{\"parts\":7,\"time\":\"x\",\"flag\":1,\"new\":[]}").expect("JSON");
        assert_eq!(Whole::take(&node), Whole::default());
    }

    #[test]
    fn members_carry_their_documentation() {
        let [number, word] = Part::MEMBERS else {
            panic!("two members");
        };
        assert_eq!(Part::ABOUT, " For these tests.");
        assert_eq!(*number, ("number", "i64", " A number."));
        assert_eq!(*word, ("word", "Option<String>", " A word, in two lines."));
    }
}
