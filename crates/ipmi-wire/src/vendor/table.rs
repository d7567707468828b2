//! A maker's table, as text.
//!
//! A line each, fields with a tab between; `#` begins a comment.
//!
//! ```text
//! vendor    key  name
//! maker     manufacturer ID, or * for any  why it means this maker
//! source    key  where facts are from
//! products  name  product IDs with commas between
//! list      name  sources  number=text  …            (hexadecimal)
//! type      products  sensor type  name  sources
//! state     products  conditions  text  state  sources   of a sensor, and in events
//! reading   …                                            of a sensor only
//! event     …                                            in events only
//! detail    …                                            what data adds to an event
//! record    …                                            an OEM record of the log
//! ```
//!
//! Products are `*`, a name, or product IDs; a state is `ok`, `warning`, `critical` or `-`.

use super::condition;
use super::{Facts, Severity};

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A state, of sensors and in events.
    State,
    /// A state of sensors only.
    Reading,
    /// A state in events only.
    Event,
    /// What the data of an event adds to its state.
    Detail,
    /// A record of the log of an OEM's type.
    Record,
    /// What a sensor type is called.
    SensorType,
}

impl Kind {
    /// In one word, as the tables write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Reading => "reading",
            Self::Event => "event",
            Self::Detail => "detail",
            Self::Record => "record",
            Self::SensorType => "type",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "state" => Self::State,
            "reading" => Self::Reading,
            "event" => Self::Event,
            "detail" => Self::Detail,
            "record" => Self::Record,
            "type" => Self::SensorType,
            _ => return None,
        })
    }
}

/// One fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is about.
    pub kind: Kind,
    /// The products that it is true of, as the table writes it.
    pub products: &'static str,
    /// When it applies, as the table writes it; of a type, its number.
    pub conditions: &'static str,
    /// What it means, with places that are filled in.
    pub text: &'static str,
    /// How bad that is, where somebody says so.
    pub severity: Severity,
    /// Keys of its sources.
    pub(super) sources: &'static str,
}

impl Row {
    pub(super) fn applies(&self, facts: &Facts<'_>) -> bool {
        condition::all(self.conditions, facts)
    }
}

/// A maker's table.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) key: &'static str,
    pub(super) name: &'static str,
    pub(super) makers: Vec<(u32, &'static str)>,
    /// Why it holds whoever made the BMC.
    pub(super) anybody: Option<&'static str>,
    sources: Vec<(&'static str, &'static str)>,
    pub(super) products: Vec<(&'static str, &'static str)>,
    lists: Vec<(&'static str, &'static str)>,
    pub(super) rows: Vec<Row>,
    /// Lines that mean nothing.
    pub(super) wrong: Vec<&'static str>,
}

impl Table {
    /// Reads a table; lines that mean nothing are told apart, not followed.
    pub(super) fn parse(text: &'static str) -> Self {
        let mut table = Self::default();
        for line in text.lines() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if table.take(line).is_none() {
                table.wrong.push(line);
            }
        }
        table
    }

    fn take(&mut self, line: &'static str) -> Option<()> {
        let (word, rest) = line.split_once('\t')?;
        match word {
            "vendor" => (self.key, self.name) = rest.split_once('\t')?,
            "maker" => {
                let (number, why) = rest.split_once('\t').unwrap_or((rest, ""));
                match number {
                    "*" => self.anybody = Some(why),
                    number => self.makers.push((number.parse().ok()?, why)),
                }
            }
            "source" => self.sources.push(rest.split_once('\t')?),
            "products" => self.products.push(rest.split_once('\t')?),
            "list" => self.lists.push(rest.split_once('\t')?),
            _ => {
                let row = row(Kind::parse(word)?, rest)?;
                self.rows.push(row);
            }
        }
        Some(())
    }

    /// Only the maker's numbers, without reading the rest.
    pub(super) fn is_of(text: &'static str, manufacturer: u32) -> bool {
        let lines = text.lines().take_while(|line| {
            line.starts_with('#') || line.starts_with("vendor\t") || line.starts_with("maker\t")
        });
        lines.filter_map(|line| line.strip_prefix("maker\t")).any(|rest| {
            let number = rest.split('\t').next().unwrap_or_default();
            number.parse() == Ok(manufacturer)
        })
    }

    /// Whether `products`, as a row writes it, means this one. `None` is a product that nobody knows.
    pub(super) fn means(&self, products: &str, product: Option<u16>) -> bool {
        let Some(product) = product else { return products == "*" };
        products == "*"
            || products.split(',').any(|word| {
                word.parse() == Ok(product)
                    || self
                        .products
                        .iter()
                        .filter(|(name, _)| *name == word)
                        .any(|(_, ids)| ids.split(',').any(|id| is_product(id, product)))
            })
    }

    /// What a list has for a number: `None` if there is no such list.
    pub(super) fn look_up(&self, list: &str, number: u32) -> Option<Option<&'static str>> {
        let mut found = None;
        for (_, rest) in self.lists.iter().filter(|(name, _)| *name == list) {
            found.get_or_insert(None);
            let entries = rest.split('\t').skip(1);
            let text = entries
                .filter_map(|entry| entry.split_once('='))
                .find(|(key, _)| u32::from_str_radix(key, 16) == Ok(number));
            if let Some((_, text)) = text {
                return Some(Some(text));
            }
        }
        found
    }

    /// The sources that these keys mean.
    pub(super) fn sources_of(&self, keys: &'static str) -> impl Iterator<Item = &'static str> {
        keys.split(',').filter_map(|key| {
            self.sources.iter().find(|(known, _)| *known == key).map(|(_, text)| *text)
        })
    }
}

/// A product ID, or the first and the last of a range of them.
fn is_product(word: &str, product: u16) -> bool {
    match word.split_once('-') {
        Some((from, to)) => match (from.parse::<u16>(), to.parse::<u16>()) {
            (Ok(from), Ok(to)) => (from..=to).contains(&product),
            _ => false,
        },
        None => word.parse() == Ok(product),
    }
}

fn row(kind: Kind, rest: &'static str) -> Option<Row> {
    let mut fields = rest.split('\t');
    let (products, conditions, text) = (fields.next()?, fields.next()?, fields.next()?);
    let severity = if kind == Kind::SensorType {
        Severity::Unknown
    } else {
        match fields.next()? {
            "ok" => Severity::Information,
            "warning" => Severity::Warning,
            "critical" => Severity::Critical,
            "-" => Severity::Unknown,
            _ => return None,
        }
    };
    let sources = fields.next().filter(|sources| !sources.is_empty())?;
    let end = fields.next().is_none() && !text.is_empty();
    end.then_some(Row { kind, products, conditions, text, severity, sources })
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashSet;

    use super::super::TABLES;
    use super::super::condition::{Condition, Set};
    use super::super::expression::check_text;
    use super::*;

    fn conditions(row: &Row) -> Vec<Condition<'static>> {
        row.conditions
            .split_ascii_whitespace()
            .map(|word| Condition::parse(word).unwrap())
            .collect()
    }

    /// Whether both can apply to the same event or reading: as far as sets can tell.
    fn meet(a: &Row, b: &Row) -> bool {
        let sums = |row: &Row, not: bool| -> Vec<(&'static str, Set<'static>)> {
            let sums = conditions(row).into_iter().filter_map(|condition| match condition {
                Condition::Sum { of, is, one_of } if is != not => Some((of, one_of)),
                _ => None,
            });
            sums.collect()
        };
        let apart = |a: &Row, b: &Row| {
            let equals = sums(a, false);
            let other = sums(b, false);
            let nots = sums(b, true);
            equals.iter().any(|(of, set)| {
                other.iter().any(|(other, theirs)| other == of && !set.meets(*theirs))
                    || nots.iter().any(|(other, theirs)| other == of && set == theirs)
            })
        };
        if apart(a, b) || apart(b, a) {
            return false;
        }
        let (a, b) = (conditions(a), conditions(b));
        a.iter().all(|one| {
            b.iter().all(|two| match (*one, *two) {
                (Condition::Record(a), Condition::Record(b))
                | (Condition::From(a), Condition::From(b))
                | (Condition::Type(a), Condition::Type(b))
                | (Condition::Number(a), Condition::Number(b))
                | (Condition::Class(a), Condition::Class(b))
                | (Condition::At(a), Condition::At(b))
                | (Condition::Value(a), Condition::Value(b)) => a.meets(b),
                (Condition::Came, Condition::Gone) | (Condition::Gone, Condition::Came) => false,
                _ => true,
            })
        })
    }

    fn is_state(kind: Kind, of_events: bool) -> bool {
        match kind {
            Kind::State => true,
            Kind::Event => of_events,
            Kind::Reading => !of_events,
            _ => false,
        }
    }

    #[test]
    fn every_line_of_every_table_is_understood() {
        let mut makers = HashSet::new();
        for text in TABLES {
            let table = Table::parse(text);
            let name = table.key;
            assert!(table.wrong.is_empty(), "{name}: {:#?}", table.wrong);
            assert!(!table.key.is_empty() && !table.name.is_empty(), "{name}");
            assert!(!table.rows.is_empty(), "{name}");
            for (number, _) in &table.makers {
                assert!(makers.insert(*number), "{name}: {number} is two makers");
                assert!(Table::is_of(text, *number), "{name}: {number} is not at the beginning");
            }
            let lists = table.lists.iter().map(|(_, rest)| rest.split('\t').next().unwrap());
            let rows = table.rows.iter().map(|row| row.sources);
            for keys in rows.chain(lists) {
                let count = keys.split(',').count();
                assert_eq!(table.sources_of(keys).count(), count, "{name}: no source {keys}");
            }
            for (key, source) in &table.sources {
                assert!(!source.contains("/work") && source.len() > 10, "{name}: {key}");
                let used = |keys: &str| keys.split(',').any(|one| one == *key);
                let by_list =
                    |(_, rest): &(_, &'static str)| used(rest.split('\t').next().unwrap());
                assert!(
                    table.rows.iter().any(|row| used(row.sources))
                        || table.lists.iter().any(by_list),
                    "{name}: nobody uses source {key}"
                );
            }
        }
    }

    #[test]
    fn every_row_says_when_it_applies_and_what_it_means() {
        for text in TABLES {
            let table = Table::parse(text);
            for row in &table.rows {
                let place = format!("{}: {row:?}", table.key);
                for word in row.products.split(',').filter(|word| *word != "*") {
                    let named = table.products.iter().any(|(name, _)| *name == word);
                    assert!(named || word.parse::<u16>().is_ok(), "{place}");
                }
                if row.kind == Kind::SensorType {
                    let number = u8::from_str_radix(row.conditions, 16).unwrap();
                    assert!(number >= 0xc0, "{place}");
                    continue;
                }
                let words = row.conditions.split_ascii_whitespace();
                for word in words {
                    assert!(Condition::parse(word).is_some(), "{place}: {word}");
                }
                let all = conditions(row);
                let any = |wanted: fn(&Condition<'_>) -> bool| all.iter().any(wanted);
                let typed = any(|c| matches!(c, Condition::Type(_)));
                if row.kind == Kind::Record {
                    assert!(any(|c| matches!(c, Condition::Record(_))), "{place}");
                } else {
                    assert!(typed && any(|c| matches!(c, Condition::Class(_))), "{place}");
                }
                let bytes = match row.kind {
                    Kind::Reading | Kind::State => 0,
                    Kind::Record => 13,
                    _ => 3,
                };
                check_text(row.text, &table, bytes).unwrap_or_else(|why| panic!("{place}: {why}"));
                for condition in &all {
                    if let Condition::Sum { of, .. } = condition {
                        let facts = Facts { data: &[0; 13], ..Facts::default() };
                        let sum = super::super::expression::sum(of, &facts);
                        assert!(sum.is_some(), "{place}: {of}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_two_rows_name_one_state() {
        for text in TABLES {
            let table = Table::parse(text);
            let products: Vec<u16> = (0..=u16::MAX).collect();
            for (at, a) in table.rows.iter().enumerate() {
                for b in &table.rows[at + 1..] {
                    let of_one_thing = match (a.kind, b.kind) {
                        (Kind::SensorType, Kind::SensorType) => a.conditions == b.conditions,
                        (Kind::Detail, Kind::Detail) => {
                            a.conditions == b.conditions && a.text == b.text
                        }
                        (Kind::Record, Kind::Record) => meet(a, b),
                        (one, two) => {
                            [true, false].iter().any(|of| is_state(one, *of) && is_state(two, *of))
                                && meet(a, b)
                        }
                    };
                    if !of_one_thing {
                        continue;
                    }
                    let both = (a.products == "*" && b.products == "*")
                        || products.iter().any(|product| {
                            table.means(a.products, Some(*product))
                                && table.means(b.products, Some(*product))
                        });
                    assert!(!both, "{}: {a:?}\n{b:?}", table.key);
                }
            }
        }
    }

    #[test]
    fn bad_lines_are_refused() {
        for line in [
            "state\t*\tclass=70\tText\tok",
            "state\t*\tclass=70\tText\tfine\tF",
            "state\t*\tclass=70\t\tok\tF",
            "state\t*\tclass=70\tText\tok\tF\tmore",
            "rubbish\t*",
            "maker\tx\ty",
            "state",
        ] {
            assert_eq!(Table::parse(line).wrong, [line]);
        }
    }

    #[test]
    fn products_are_named_listed_and_ranged() {
        let table = Table::parse("products\tx\t1,5-7\n");
        for (word, product, is) in [
            ("*", Some(9), true),
            ("*", None, true),
            ("x", Some(6), true),
            ("x", Some(8), false),
            ("x", None, false),
            ("9,x", Some(9), true),
            ("y", Some(1), false),
        ] {
            assert_eq!(table.means(word, product), is, "{word} {product:?}");
        }
    }
}
