//! `------< Memory >------`: who has how much of it, in builds that count.

use super::fact::Value;
use super::text::Text;
use crate::memory::account::Line;

/// The accounts, if there are any.
#[must_use]
pub fn accounts(table: &[Line]) -> Option<String> {
    if table.is_empty() {
        return None;
    }
    let mut out = Text::default();
    out.title("Memory");
    for line in table {
        out.object("Account", line.tag.name());
        out.property("Octets", number(line.octets));
        out.property("Blocks", number(line.blocks));
        out.property("Most octets", number(line.peak));
        out.property("Blocks taken", Value::Number(line.taken));
    }
    Some(out.finish())
}

fn number(number: usize) -> Value<'static> {
    Value::Number(u64::try_from(number).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::account::Tag;

    #[test]
    fn an_account_is_an_object() {
        let line = Line {
            tag: Tag::Config,
            octets: 4096,
            blocks: 12,
            peak: 8192,
            taken: 99,
        };
        let expected = "------< Memory >------\n Account = Configuration\n   Octets = 4096\n   \
                        Blocks = 12\n   Most octets = 8192\n   Blocks taken = 99\n";
        assert_eq!(accounts(&[line]).as_deref(), Some(expected));
        assert_eq!(accounts(&[]), None);
    }
}
