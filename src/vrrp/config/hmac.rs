//! `auth_hmac`: keys and how to use them.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::InstanceConfig;
use crate::control_plane::arg::{choice, int, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{self, refuse};
use crate::control_plane::schema::{Block, Call, Inner, at, no_head};
use crate::control_plane::show::Sink;
use crate::control_plane::source::Span;
use crate::control_plane::value::{Field, Spanned};
use crate::model::Secret;
use crate::vrrp::hmac::{AntiReplay, Mode};

/// Octets of a key.
pub const KEY_LEN: std::ops::RangeInclusive<usize> = 32..=64;
/// The longest time window in seconds.
pub const WINDOW_MAX: u64 = 300;

/// `auth_hmac` with every default filled in and every key read.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct HmacConfig {
    /// All keys by number.
    pub keys: Vec<(u8, Secret)>,
    /// The number of the key that signs; it is one of them.
    pub active_key: u8,
    /// How far clocks may be apart.
    pub window: Duration,
    /// How replay is told.
    pub anti_replay: AntiReplay,
    /// Who has to sign.
    pub mode: Mode,
}

impl HmacConfig {
    /// The key that signs.
    #[must_use]
    pub fn active(&self) -> Option<&Secret> {
        let found = self.keys.iter().find(|(id, _)| *id == self.active_key);
        found.map(|(_, secret)| secret)
    }
}

/// The same as the text gives it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct HmacGiven {
    /// Where the block is.
    pub block: Option<Spanned<()>>,
    /// `key`
    pub keys: Vec<(u8, Spanned<KeySource>)>,
    /// `active_key`
    pub active_key: Option<Spanned<u8>>,
    /// `time_window` in seconds.
    pub time_window: Option<u16>,
    /// `anti_replay`
    pub anti_replay: AntiReplay,
    /// `mode`
    pub mode: Option<Spanned<Mode>>,
}

/// Where a key comes from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum KeySource {
    /// The text itself, or its hexadecimal digits.
    Octets(Secret),
    /// A file with the octets; a last line break does not count.
    File(PathBuf),
}

pub(super) static HMAC: Inner<InstanceConfig, InstanceConfig> = Inner::same(
    &Block {
        rows: &[&[
            Row::new(
                "key",
                words("ID VALUE", 2, 2, set_key, show_keys),
                "A key of 32 to 64 octets, by a number of 1 to 255: text, hex:DIGITS or file:PATH. Several may be known \
                 at once, to change them without an interruption.",
            ),
            Row::new(
                "active_key",
                int(1, 255, "", at!(given.hmac.active_key)),
                "The key that signs. Without it there is no authentication.",
            )
            .default("none"),
            Row::new(
                "time_window",
                int(1, 300, "seconds", at!(given.hmac.time_window)),
                "How far clocks may differ.",
            )
            .default("3 times advert_int, at least 5"),
            Row::new(
                "anti_replay",
                choice(&["time", "monotonic"], at!(given.hmac.anti_replay)),
                "How repeated adverts are told: by the clock, or by order alone.",
            )
            .default("time"),
            Row::new(
                "mode",
                choice(
                    &["enforce", "permissive", "receive-only"],
                    at!(given.hmac.mode),
                ),
                "enforce: sign, and drop what is not signed; permissive: sign, and take \
                 everything; receive-only: do not sign, take everything. A signature that is \
                 there is always checked.",
            )
            .default("enforce"),
        ]],
        finish: None,
    },
    "",
    |instance, call, diags| {
        instance
            .given
            .hmac
            .block
            .get_or_insert_with(|| Spanned::new((), call.keyword.span));
        no_head(instance, call, diags)
    },
);

type Row = crate::control_plane::schema::Row<InstanceConfig>;

fn set_key(instance: &mut InstanceConfig, call: &Call<'_>, diags: &mut Diags) {
    let [id, value] = call.args else { return };
    let number = match read::integer(&id.text, 1, 255, "") {
        Ok(number) => u8::try_from(number).unwrap_or(u8::MAX),
        Err(refusal) => return refuse(diags, id.span, refusal),
    };
    let keys = &mut instance.given.hmac.keys;
    if keys.iter().any(|(known, _)| *known == number) {
        let text = format!("key {number} is given twice: the first one counts");
        return diags.error(Code::General, id.span, text);
    }
    match key_source(&value.text) {
        Ok(source) => keys.push((number, Spanned::new(source, value.span))),
        Err(text) => refuse(diags, value.span, read::Refusal::general(text)),
    }
}

fn key_source(text: &str) -> Result<KeySource, String> {
    if let Some(path) = text.strip_prefix("file:") {
        return Ok(KeySource::File(path.into()));
    }
    let octets = match text.strip_prefix("hex:") {
        Some(digits) => hexadecimal(digits).ok_or("key: not hexadecimal")?,
        None => text.as_bytes().to_vec(),
    };
    check_length(octets.len())?;
    Ok(KeySource::Octets(Secret::new(octets)))
}

/// A key that is too short can be guessed; longer ones would be hashed.
pub(super) fn check_length(octets: usize) -> Result<(), String> {
    if KEY_LEN.contains(&octets) {
        return Ok(());
    }
    Err(format!("key: {octets} octets are not within 32 to 64"))
}

fn hexadecimal(digits: &str) -> Option<Vec<u8>> {
    let nibble = |digit: u8| {
        let value = char::from(digit).to_digit(16)?;
        u8::try_from(value).ok()
    };
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let octets = pairs
        .iter()
        .map(|&[high, low]| Some(nibble(high)? << 4 | nibble(low)?));
    rest.is_empty().then(|| octets.collect())?
}

fn show_keys(instance: &InstanceConfig, name: &str, out: &mut dyn Sink) {
    for (id, source) in &instance.given.hmac.keys {
        match &source.value {
            KeySource::File(path) => {
                let value = format!("file:{}", path.display());
                out.line(name, &[&id.to_string(), &value]);
            }
            KeySource::Octets(secret) => {
                let digits = secret.expose().iter().map(|octet| format!("{octet:02x}"));
                let value: String = std::iter::once("hex:".to_owned()).chain(digits).collect();
                out.secret(&format!("{name} {id}"), &value);
            }
        }
    }
}

impl Field<&'static str> for AntiReplay {
    fn read(&self) -> Option<&'static str> {
        match self {
            Self::Time => None,
            Self::Monotonic => Some("monotonic"),
        }
    }

    fn make(word: &'static str, _: Span) -> Self {
        if word == "monotonic" {
            Self::Monotonic
        } else {
            Self::Time
        }
    }
}

impl Field<&'static str> for Mode {
    fn read(&self) -> Option<&'static str> {
        Some(match self {
            Self::Enforce => "enforce",
            Self::Permissive => "permissive",
            Self::ReceiveOnly => "receive-only",
        })
    }

    fn make(word: &'static str, _: Span) -> Self {
        match word {
            "permissive" => Self::Permissive,
            "receive-only" => Self::ReceiveOnly,
            _ => Self::Enforce,
        }
    }
}
