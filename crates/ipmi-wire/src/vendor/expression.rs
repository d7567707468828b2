//! The small language of the tables: sums over bits of an event, and texts with such sums in them.
//!
//! A sum is read from left to right, without precedence: `d2[3:0]*8+bit/4` is
//! `((d2[3:0] * 8) + bit) / 4`. Its terms are numbers, `dN` (byte N of the event's or record's
//! data), `dN[high:low]` (bits of it), `o` (the state's offset), `n` (the sensor's number) and `bit` (inside of `each`).
//!
//! In a text, braces hold a sum: `{d2}` decimal, `{d2:x}` with `0x`, `{d2:A}` as a letter
//! from A on, `{d2:c}` as the character that it is,
//! `{d2:@list}` looked up in a list. `{each d3|DIMM {bit+1}}` repeats its text for each bit that is
//! set, `{text d2-d13}` shows bytes as characters.

use super::Facts;
use super::table::Table;

/// Values of a sum, besides the event's own.
#[derive(Clone, Copy, Debug, Default)]
struct Scope {
    bit: Option<i64>,
}

/// The sum's value; `None` if it is malformed, names a byte that is not there or does not fit.
pub(super) fn sum(text: &str, facts: &Facts<'_>) -> Option<i64> {
    sum_in(text, facts, Scope::default())
}

fn sum_in(text: &str, facts: &Facts<'_>, scope: Scope) -> Option<i64> {
    let mut rest = text.trim();
    let mut total = 0i64;
    let mut operator = b'+';
    loop {
        let end = rest.find(['+', '-', '*', '/', '%']).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end)?;
        let value = term(word.trim(), facts, scope)?;
        total = match operator {
            b'+' => total.checked_add(value)?,
            b'-' => total.checked_sub(value)?,
            b'*' => total.checked_mul(value)?,
            b'/' => total.checked_div(value)?,
            _ => total.checked_rem(value)?,
        };
        let Some(next) = after.bytes().next() else { return Some(total) };
        operator = next;
        rest = after.get(1..)?;
    }
}

fn term(word: &str, facts: &Facts<'_>, scope: Scope) -> Option<i64> {
    match word {
        "o" => return Some(facts.offset.into()),
        "n" => return Some(facts.number.into()),
        "bit" => return scope.bit,
        _ => {}
    }
    let Some(byte) = word.strip_prefix('d') else { return word.parse().ok() };
    let (place, bits) = match byte.split_once('[') {
        Some((place, bits)) => (place, Some(bits.strip_suffix(']')?)),
        None => (byte, None),
    };
    let place: usize = place.parse().ok()?;
    let value = i64::from(*facts.data.get(place.checked_sub(1)?)?);
    let Some(bits) = bits else { return Some(value) };
    let (high, low) = bits.split_once(':').unwrap_or((bits, bits));
    let (high, low): (u32, u32) = (high.parse().ok()?, low.parse().ok()?);
    if high > 7 || low > high {
        return None;
    }
    let mask = (1i64 << high.checked_sub(low)?.checked_add(1)?).checked_sub(1)?;
    Some((value >> low) & mask)
}

/// The text with everything in braces put in; `None` if something in it makes no sense.
pub(super) fn text(template: &str, facts: &Facts<'_>, table: &Table) -> Option<String> {
    text_in(template, facts, table, Scope::default())
}

fn text_in(template: &str, facts: &Facts<'_>, table: &Table, scope: Scope) -> Option<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (inside, after) = braces(after)?;
        out.push_str(&placeholder(inside, facts, table, scope)?);
        rest = after;
    }
    if rest.contains('}') {
        return None;
    }
    out.push_str(rest);
    Some(out)
}

/// What is inside of the brace that was just opened, and what follows it.
fn braces(text: &str) -> Option<(&str, &str)> {
    let mut depth = 1u32;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth = depth.checked_add(1)?,
            b'}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some((text.get(..at)?, text.get(at.checked_add(1)?..)?));
        }
    }
    None
}

fn placeholder(inside: &str, facts: &Facts<'_>, table: &Table, scope: Scope) -> Option<String> {
    if let Some(each) = inside.strip_prefix("each ") {
        let (of, inner) = each.split_once('|')?;
        let bits = sum_in(of, facts, scope)?;
        let texts: Option<Vec<_>> = (0..16i64)
            .filter(|bit| bits & (1 << bit) != 0)
            .map(|bit| text_in(inner, facts, table, Scope { bit: Some(bit) }))
            .collect();
        return texts.map(|texts| texts.join(", "));
    }
    if let Some(range) = inside.strip_prefix("text ") {
        let (from, to) = range.split_once('-')?;
        let place = |word: &str| word.strip_prefix('d')?.parse::<usize>().ok();
        let bytes = facts.data.get(place(from)?.checked_sub(1)?..place(to)?)?;
        return Some(characters(bytes));
    }
    // A colon inside of brackets belongs to the sum.
    let (of, form) = inside.rsplit_once(':').filter(|(of, _)| balanced(of)).unwrap_or((inside, ""));
    let value = sum_in(of, facts, scope)?;
    match form {
        "" => Some(value.to_string()),
        "x" => Some(format!("0x{value:02x}")),
        "x4" => Some(format!("0x{value:04x}")),
        "h" => Some(format!("{value:02x}")),
        "A" => {
            let letter = u8::try_from(value).ok().filter(|at| *at < 26)?;
            Some(char::from(b'A'.checked_add(letter)?).to_string())
        }
        "c" => Some(characters(&[u8::try_from(value).ok()?])),
        list => {
            let name = list.strip_prefix('@')?;
            let number = u32::try_from(value).ok()?;
            match table.look_up(name, number)? {
                Some(text) => Some(text.to_owned()),
                None => Some(format!("unknown (0x{value:02x})")),
            }
        }
    }
}

/// Whether no bracket is open at the end.
fn balanced(text: &str) -> bool {
    text.matches('[').count() == text.matches(']').count()
}

/// Bytes as characters up to the first NUL; what cannot be shown is a dot.
pub(super) fn characters(bytes: &[u8]) -> String {
    let shown = bytes.iter().take_while(|byte| **byte != 0);
    shown.map(|byte| if matches!(byte, 0x20..=0x7e) { char::from(*byte) } else { '.' }).collect()
}

/// Whether every sum and list of the text is well-formed: for tables under test.
#[cfg(test)]
pub(super) fn check_text(template: &str, table: &Table, bytes: usize) -> Result<(), String> {
    let data = vec![0; bytes];
    let facts = Facts { data: &data, ..Facts::default() };
    for fill in [0u8, 0x01, 0x11] {
        let data = vec![fill; bytes];
        let facts = Facts { data: &data, offset: fill & 0xf, ..Facts::default() };
        if text(template, &facts, table).is_some() {
            return Ok(());
        }
    }
    text(template, &facts, table).map(drop).ok_or_else(|| format!("makes no text: {template}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(data: &[u8]) -> Facts<'_> {
        Facts { data, offset: 2, ..Facts::default() }
    }

    #[test]
    fn sums_are_read_from_left_to_right() {
        let of = |text| sum(text, &facts(&[0x20, 0x2a, 0x81]));
        assert_eq!(of("d2"), Some(0x2a));
        assert_eq!(of("d2[7:4]-1"), Some(1));
        assert_eq!(of("d3[1:0]*3+d2[7:4]-1"), Some(4));
        assert_eq!(of("d2[0]"), Some(0));
        assert_eq!(of("d3*256+d2"), Some(0x812a));
        assert_eq!(of("1+2*3"), Some(9));
        assert_eq!(of("o"), Some(2));
        for wrong in ["", "d4", "d0", "d2[8:0]", "d2[0:1]", "d2/0", "x", "bit", "d2+", "d2[7:4"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
        assert_eq!(of("9223372036854775807+1"), None);
    }

    #[test]
    fn texts_are_filled_in() {
        let table = Table::parse("list\tcolours\tx\t0=red\t2a=green\n");
        let of = |template| text(template, &facts(&[0x20, 0x2a, 0x05]), &table);
        assert_eq!(of("plain").unwrap(), "plain");
        assert_eq!(of("a {d2} b {d3:x}").unwrap(), "a 42 b 0x05");
        assert_eq!(of("DIMM {d2[7:4]-1:A}{d2[3:0]-9}").unwrap(), "DIMM B1");
        assert_eq!(of("{d2:@colours} {d3:@colours}").unwrap(), "green unknown (0x05)");
        assert_eq!(of("{each d3|DIMM {bit+1}}").unwrap(), "DIMM 1, DIMM 3");
        assert_eq!(of("{text d1-d2}").unwrap(), " *");
        for wrong in ["{", "}", "{d9}", "{d2:@none}", "{d2:A}", "{each d3}", "{d2:y}"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
