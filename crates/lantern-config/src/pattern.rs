//! Names of hosts, alone or many in one: the key of `[hosts.NAME]`.
//!
//! `rack1-n[01-40]` stands for forty names, as on the command line; `*` for anything, `?` for one
//! character. Everything that knows what such a key means is in this file.

use std::fmt;

/// What a key of `[hosts]` stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Character(char),
    /// `?`
    One,
    /// `*`
    Any,
    /// `[01-40,50]`
    Numbers(Vec<Numbers>),
}

/// From one number to another in steps, written with at least `width` digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Numbers {
    first: u64,
    last: u64,
    step: u64,
    width: usize,
}

/// A number has no more digits than this.
const DIGITS: usize = 18;

impl Pattern {
    /// What `text` stands for.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a host has a name".to_owned());
        }
        if text.starts_with(['-', '@']) {
            return Err("a host's name begins neither with - nor with @".to_owned());
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            rest = rest.get(character.len_utf8()..).unwrap_or_default();
            parts.push(match character {
                '*' => Part::Any,
                '?' => Part::One,
                '[' => {
                    let (inside, after) = rest.split_once(']').ok_or("[ without ]")?;
                    rest = after;
                    Part::Numbers(inside.split(',').map(numbers).collect::<Result<_, _>>()?)
                }
                ']' => return Err("] without [".to_owned()),
                bad if bad.is_whitespace() || bad.is_control() => {
                    return Err(format!("a host's name has no {bad:?}"));
                }
                character => Part::Character(character),
            });
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// Whether it stands for a single name: itself.
    #[must_use]
    pub fn is_name(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Character(_)))
    }

    /// Whether it stands for `name`, among others.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match self.is_name() {
            true => self.text == name,
            // The names of hosts are short, and keys are the user's own.
            false => fits(&self.parts, name),
        }
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// As a nodeset on the command line has it (`lantern-fleet`); a test in `lantern` holds the two
/// together.
fn numbers(text: &str) -> Result<Numbers, String> {
    let text = text.trim();
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.len() <= DIGITS;
        let plain = plain && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten().ok_or_else(|| {
            format!("in brackets are numbers, as in [01-40,50,60-70/2]; '{digits}' is none")
        })
    };
    let (range, step) = match text.split_once('/') {
        Some((range, step)) => (range, number(step)?),
        None => (text, 1),
    };
    let (low, high) = range.split_once('-').unwrap_or((range, range));
    let (first, last): (u64, u64) = (number(low)?, number(high)?);
    if first > last {
        return Err(format!("[{text}] runs backwards"));
    }
    if step == 0 {
        return Err(format!("[{text}]: a step is a number from 1"));
    }
    let is_padded = |digits: &str| digits.len() > 1 && digits.starts_with('0');
    if is_padded(high) && high.len() != low.len() {
        return Err(format!("[{text}]: {low} and {high} have leading zeros of their own"));
    }
    Ok(Numbers { first, last, step, width: if is_padded(low) { low.len() } else { 0 } })
}

impl Numbers {
    fn has(self, digits: &str) -> bool {
        let Self { first, last, step, width } = self;
        digits.parse::<u64>().is_ok_and(|number| {
            let steps = number.checked_sub(first).and_then(|far| far.checked_rem(step));
            number <= last && steps == Some(0) && format!("{number:0width$}") == digits
        })
    }
}

/// Which rests of the name the parts so far can leave, part by part: no more work than parts times
/// characters, whatever the pattern.
fn fits(parts: &[Part], name: &str) -> bool {
    let mut ends: Vec<usize> = vec![0];
    for part in parts {
        let mut next: Vec<usize> = Vec::new();
        for end in ends {
            let Some(rest) = name.get(end..) else { continue };
            let first = rest.chars().next();
            match part {
                Part::Character(wanted) if first == Some(*wanted) => {
                    next.push(end.saturating_add(wanted.len_utf8()));
                }
                Part::Character(_) => {}
                Part::One => next.extend(first.map(|c| end.saturating_add(c.len_utf8()))),
                Part::Any => {
                    next.extend((end..=name.len()).filter(|at| name.is_char_boundary(*at)))
                }
                Part::Numbers(ranges) => {
                    let digits = rest.bytes().take(DIGITS).take_while(u8::is_ascii_digit).count();
                    let lengths = (1..=digits).filter(|length| {
                        let digits = rest.get(..*length).unwrap_or_default();
                        ranges.iter().any(|range| range.has(digits))
                    });
                    next.extend(lengths.map(|length| end.saturating_add(length)));
                }
            }
        }
        next.sort_unstable();
        next.dedup();
        ends = next;
    }
    ends.contains(&name.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(name)
    }

    #[test]
    fn a_pattern_stands_for_the_names_that_it_looks_like() {
        for (pattern, yes, no) in [
            ("bmc7", &["bmc7"][..], &["bmc", "bmc77", "BMC7"][..]),
            (
                "rack1-n[01-40]",
                &["rack1-n01", "rack1-n40"],
                &["rack1-n1", "rack1-n41", "rack1-n001"],
            ),
            ("n[1-12]", &["n1", "n9", "n12"], &["n0", "n01", "n13", "n"]),
            ("n[001-010,500]", &["n001", "n010", "n500"], &["n1", "n011", "n0500"]),
            ("n[1-9/4, 20]", &["n1", "n5", "n9", "n20"], &["n2", "n13", "n4"]),
            ("n[08-101]", &["n08", "n99", "n101"], &["n8", "n008", "n102"]),
            ("r[1-2]n[1-9].mgmt", &["r1n9.mgmt", "r2n1.mgmt"], &["r3n1.mgmt", "r1n9"]),
            ("10.0.[1-2].[1-9]", &["10.0.1.9"], &["10.0.3.1", "10.0.1.10"]),
            ("*", &["x", "10.0.0.1", "é"], &[]),
            ("db-*", &["db-", "db-1"], &["xdb-1"]),
            ("*-bmc.example", &["a-bmc.example"], &["a-bmc.example.org"]),
            ("n?", &["n1", "né"], &["n", "n12"]),
        ] {
            for name in yes {
                assert!(matches(pattern, name), "{pattern} {name}");
            }
            for name in no {
                assert!(!matches(pattern, name), "{pattern} {name}");
            }
        }
    }

    #[test]
    fn what_stands_for_nothing_is_refused() {
        for bad in [
            "", "a b", "n[", "n]", "n[]", "n[a-b]", "n[5-1]", "n[1-010]", "n[1-5/0]", "n[1-5/]",
            "-x", "@g", "n[1-]", "a\u{1b}",
        ] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_takes_long_or_panics(pattern in "[a*?\\[\\]0-9,é-]{0,40}", name in "[a0-9é]{0,60}") {
            if let Ok(pattern) = Pattern::parse(&pattern) {
                let _ = pattern.matches(&name);
            }
        }
    }
}
