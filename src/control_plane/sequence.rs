//! `~SEQ(...)` and `~LST(...)`: a line that stands for many
//! (`config-syntax.md` section 8).

use std::ops::Range;

/// The head of a sequence: what is between the parentheses, and what follows them.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Head {
    /// Which kind.
    pub(super) kind: Kind,
    /// The arguments between the parentheses.
    pub(super) arguments: Vec<Range<usize>>,
    /// Where the text to repeat starts.
    pub(super) rest: usize,
}

/// The kinds of sequences.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// `~SEQ`: numbers.
    Decimal,
    /// `~SEQx`: numbers, written in hexadecimal.
    Hexadecimal,
    /// `~LST`: given values.
    List,
}

/// Names and the values they take, one after the other.
#[derive(Debug)]
pub(super) struct Sequence {
    names: Vec<Vec<u8>>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Numbers {
        next: i64,
        last: i64,
        step: i64,
        hexadecimal: bool,
        done: bool,
    },
    Rows(std::vec::IntoIter<Row>),
}

/// One value for each name.
type Row = Vec<Vec<u8>>;

/// Take the head of a line apart. The error says what is wrong with it.
pub(super) fn head(line: &[u8]) -> Result<Head, &'static str> {
    let kinds: [(&[u8], Kind); 3] = [
        (b"~SEQx", Kind::Hexadecimal),
        (b"~SEQ", Kind::Decimal),
        (b"~LST", Kind::List),
    ];
    let kind = kinds.into_iter().find(|(word, _)| line.starts_with(word));
    let Some((word, kind)) = kind else {
        return Err("only `~SEQ`, `~SEQx` and `~LST` may begin with `~`");
    };
    let after = line.get(word.len()..).unwrap_or(&[]);
    let blanks = after
        .iter()
        .take_while(|octet| matches!(octet, b' ' | b'\t'))
        .count();
    let open = word.len() + blanks;
    if line.get(open) != Some(&b'(') {
        return Err("a `(` must follow");
    }
    let Some(len) = line
        .get(open..)
        .and_then(|rest| rest.iter().position(|octet| *octet == b')'))
    else {
        return Err("the `)` is missing");
    };
    let arguments = split(line, open + 1..open + len)?;
    Ok(Head {
        kind,
        arguments,
        rest: open + len + 1,
    })
}

/// The parts between commas, without blanks around them; braces hold parts together.
fn split(line: &[u8], range: Range<usize>) -> Result<Vec<Range<usize>>, &'static str> {
    let mut parts = Vec::new();
    let mut start = range.start;
    let mut depth = 0_usize;
    for at in range.clone() {
        match line.get(at) {
            Some(b'{') => depth += 1,
            Some(b'}') => depth = depth.checked_sub(1).ok_or("a `}` without its `{`")?,
            Some(b',') if depth == 0 => {
                parts.push(trimmed(line, start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    if depth != 0 {
        return Err("a `{` without its `}`");
    }
    parts.push(trimmed(line, start..range.end));
    Ok(parts)
}

fn trimmed(line: &[u8], range: Range<usize>) -> Range<usize> {
    let inner = super::lex::trim(line.get(range.clone()).unwrap_or(&[]));
    range.start + inner.start..range.start + inner.end
}

/// A `{a, b}` argument taken apart, anything else as it is.
fn members(argument: &[u8]) -> Vec<&[u8]> {
    match argument
        .strip_prefix(b"{")
        .and_then(|rest| rest.strip_suffix(b"}"))
    {
        Some(inner) => inner
            .split(|octet| *octet == b',')
            .map(<[u8]>::trim_ascii)
            .collect(),
        None => vec![argument],
    }
}

impl Sequence {
    /// From the arguments of a head; `expand` replaces the definitions in a value.
    pub(super) fn new(
        kind: Kind,
        arguments: &[&[u8]],
        expand: impl FnMut(&[u8]) -> Result<Vec<u8>, String>,
    ) -> Result<Self, String> {
        let (variable, values) = arguments.split_first().ok_or("a name must come first")?;
        let names: Vec<Vec<u8>> = members(variable).into_iter().map(<[u8]>::to_vec).collect();
        if let Some(bad) = names
            .iter()
            .find(|name| super::expand::name_len(name) != name.len() || name.is_empty())
        {
            return Err(format!("`{}` is not a name", String::from_utf8_lossy(bad)));
        }
        if values.is_empty() {
            return Err("values must follow the name".into());
        }
        let values = match kind {
            Kind::List => rows(&names, values, expand)?,
            Kind::Decimal | Kind::Hexadecimal if names.len() > 1 => {
                return Err("numbers have one name".into());
            }
            Kind::Decimal | Kind::Hexadecimal => {
                numbers(values, kind == Kind::Hexadecimal, expand)?
            }
        };
        Ok(Self { names, values })
    }

    /// How many turns are left: as many lines as it makes at least.
    pub(super) fn turns(&self) -> u64 {
        match &self.values {
            Values::Rows(rows) => rows.len() as u64,
            Values::Numbers { done: true, .. } => 0,
            Values::Numbers {
                next, last, step, ..
            } => (last.abs_diff(*next) / step.unsigned_abs().max(1)).saturating_add(1),
        }
    }

    /// Names and values of the next turn.
    pub(super) fn next(&mut self) -> Option<Vec<(&[u8], Vec<u8>)>> {
        let row = match &mut self.values {
            Values::Rows(rows) => rows.next()?,
            Values::Numbers { done: true, .. } => return None,
            Values::Numbers {
                next,
                last,
                step,
                hexadecimal,
                done,
            } => {
                let text = if *hexadecimal {
                    format!("{next:x}")
                } else {
                    next.to_string()
                };
                match next.checked_add(*step) {
                    Some(after)
                        if (*step > 0 && after <= *last) || (*step < 0 && after >= *last) =>
                    {
                        *next = after
                    }
                    _ => *done = true,
                }
                vec![text.into_bytes()]
            }
        };
        Some(self.names.iter().map(Vec::as_slice).zip(row).collect())
    }
}

/// What each name is in each turn.
fn rows(
    names: &[Vec<u8>],
    values: &[&[u8]],
    mut expand: impl FnMut(&[u8]) -> Result<Vec<u8>, String>,
) -> Result<Values, String> {
    let mut rows: Vec<Row> = Vec::new();
    for value in values {
        let members = members(value);
        let text = String::from_utf8_lossy(value);
        if members.len() > names.len() {
            return Err(format!(
                "`{text}` has {} values for {} names",
                members.len(),
                names.len()
            ));
        }
        if members
            .iter()
            .any(|member| member.iter().any(|octet| super::lex::is_blank(*octet)))
        {
            return Err(format!(
                "`{text}` is not a list of values: there may be no blanks in them"
            ));
        }
        let mut row: Row = members
            .into_iter()
            .map(&mut expand)
            .collect::<Result<_, _>>()?;
        // What a row lacks is blank.
        row.resize(names.len(), Vec::new());
        rows.push(row);
    }
    Ok(Values::Rows(rows.into_iter()))
}

/// One number is the last, two are first and last, three have the step between.
fn numbers(
    values: &[&[u8]],
    hexadecimal: bool,
    mut expand: impl FnMut(&[u8]) -> Result<Vec<u8>, String>,
) -> Result<Values, String> {
    let values: Vec<i64> = values
        .iter()
        .map(|value| number(&expand(value)?))
        .collect::<Result<_, _>>()?;
    let (first, step, last) = match *values.as_slice() {
        [last] => (
            if last < 0 { -1 } else { 1 },
            if last < 1 { -1 } else { 1 },
            last,
        ),
        [first, last] => (first, if last < first { -1 } else { 1 }, last),
        [first, step, last] => (first, step, last),
        _ => return Err("at most first, step and last may be given".into()),
    };
    if step == 0 || (last > first && step < 0) || (last < first && step > 0) {
        return Err(format!("step {step} does not lead from {first} to {last}"));
    }
    if hexadecimal && (first < 0 || last < 0) {
        return Err("a negative number cannot be written in hexadecimal".into());
    }
    Ok(Values::Numbers {
        next: first,
        last,
        step,
        hexadecimal,
        done: false,
    })
}

/// Decimal, `0x` hexadecimal or octal with a leading 0.
fn number(text: &[u8]) -> Result<i64, String> {
    let text = String::from_utf8_lossy(text);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let value = if let Some(digits) = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"))
    {
        i64::from_str_radix(digits, 16)
    } else if digits.len() > 1 && digits.starts_with('0') {
        i64::from_str_radix(digits, 8)
    } else {
        digits.parse()
    };
    match value {
        // A second sign would pass the standard parser.
        Ok(value) if !digits.is_empty() && value >= 0 && !digits.starts_with(['+', '-']) => {
            Ok(if negative { -value } else { value })
        }
        _ => Err(format!("`{text}` is not a number")),
    }
}
