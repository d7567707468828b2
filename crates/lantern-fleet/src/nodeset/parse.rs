//! From text to names.

use super::{NodeSet, NodeSetError, Source};

/// Groups of groups go so deep; deeper ones go in circles.
const DEPTH: usize = 16;

/// A text being read, and the texts that it refers to.
pub(super) struct Parser<'a> {
    source: &'a mut dyn Source,
    /// How many names there may be.
    most: usize,
    /// Which groups this text is inside of.
    inside: Vec<String>,
    /// Which file and line, or which group.
    place: Option<String>,
}

/// A part of an element.
enum Part {
    Text(String),
    Ranges(Vec<Range>),
}

/// Numbers from `first` to `last` in steps, written with at least `width` digits.
#[derive(Clone, Copy)]
struct Range {
    first: u64,
    last: u64,
    step: u64,
    width: usize,
}

impl Range {
    /// How many there are: `last` is not before `first`, and steps are not 0.
    fn count(self) -> u64 {
        let Self { first, last, step, .. } = self;
        last.saturating_sub(first).checked_div(step).unwrap_or(0).saturating_add(1)
    }

    fn numbers(self) -> impl Iterator<Item = String> {
        let Self { first, step, width, .. } = self;
        (0..self.count()).map(move |nth| {
            let number = first.saturating_add(nth.saturating_mul(step));
            format!("{number:0width$}")
        })
    }
}

/// What is wrong, and at which character of the text, counted from 0.
type Wrong = (usize, String);

pub(super) fn is_one_name(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    if matches!(characters.first(), Some('@' | '^')) || text == "-" || text.contains(',') {
        return false;
    }
    match parts(&characters, 0) {
        Ok(parts) => parts.iter().all(|part| matches!(part, Part::Text(_))),
        // Brackets at the beginning that are neither a range nor an address are a bad address.
        Err(_) => !text.contains('[') || text.starts_with('['),
    }
}

impl<'a> Parser<'a> {
    pub(super) fn new(source: &'a mut dyn Source, most: usize) -> Self {
        Self { source, most, inside: Vec::new(), place: None }
    }

    /// Adds what `text` stands for to `set`.
    pub(super) fn read(&mut self, text: &str, set: &mut NodeSet) -> Result<(), NodeSetError> {
        let characters: Vec<char> = text.chars().collect();
        let elements = split(&characters).map_err(|wrong| self.wrong(text, wrong))?;
        if elements.is_empty() {
            return Err(self.wrong_as_a_whole(text, "names nobody"));
        }
        for (start, element) in elements {
            match element {
                ['@', name @ ..] => {
                    self.group(text, start, &name.iter().collect::<String>(), set)?
                }
                ['^', path @ ..] => {
                    self.file(text, start, &path.iter().collect::<String>(), set)?
                }
                ['-'] => self.file(text, start, "-", set)?,
                element => {
                    let parts = parts(element, start).map_err(|wrong| self.wrong(text, wrong))?;
                    self.check_size(text, start, &parts, set)?;
                    expand(&parts, String::new(), &mut |name| {
                        set.insert(name);
                    });
                }
            }
        }
        Ok(())
    }

    /// Before anything is expanded: `[0-4294967295]` takes no memory.
    fn check_size(
        &self,
        text: &str,
        start: usize,
        parts: &[Part],
        set: &NodeSet,
    ) -> Result<(), NodeSetError> {
        let counts = parts.iter().map(|part| match part {
            Part::Text(_) => 1,
            Part::Ranges(ranges) => {
                ranges.iter().fold(0, |all: u64, r| all.saturating_add(r.count()))
            }
        });
        let count = counts.fold(1, u64::saturating_mul);
        let all = u64::try_from(set.len()).unwrap_or(u64::MAX).saturating_add(count);
        let most = self.most;
        if all > u64::try_from(most).unwrap_or(u64::MAX) {
            let why = format!("{all} names in all; at most {most} are taken");
            return Err(self.wrong(text, (start, why)));
        }
        Ok(())
    }

    fn group(
        &mut self,
        text: &str,
        start: usize,
        name: &str,
        set: &mut NodeSet,
    ) -> Result<(), NodeSetError> {
        if name.is_empty() {
            return Err(self.wrong(text, (start, "@ is followed by a group's name".to_owned())));
        }
        if self.inside.iter().any(|group| group == name) || self.inside.len() >= DEPTH {
            let why = format!("@{name} has itself among its members");
            return Err(self.wrong(text, (start, why)));
        }
        let members = match self.source.group(name) {
            Ok(Some(members)) => members,
            Ok(None) => {
                return Err(self.wrong(text, (start, format!("there is no group '{name}'"))));
            }
            Err(why) => return Err(self.wrong(text, (start, format!("@{name}: {why}")))),
        };
        let place = self.place.replace(format!("group {name}"));
        self.inside.push(name.to_owned());
        for member in members {
            self.read(&member, set)?;
        }
        self.inside.pop();
        self.place = place;
        Ok(())
    }

    fn file(
        &mut self,
        text: &str,
        start: usize,
        path: &str,
        set: &mut NodeSet,
    ) -> Result<(), NodeSetError> {
        if self.place.is_some() {
            let why = "files are named on the command line only".to_owned();
            return Err(self.wrong(text, (start, why)));
        }
        if path.is_empty() {
            return Err(self.wrong(text, (start, "^ is followed by a file's name".to_owned())));
        }
        let name = if path == "-" { "standard input" } else { path };
        let content = match self.source.file(path) {
            Ok(content) => content,
            Err(why) => return Err(self.wrong_as_a_whole(text, &format!("{name}: {why}"))),
        };
        let mut is_empty = true;
        for (nth, line) in content.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if !line.is_empty() {
                is_empty = false;
                self.place = Some(format!("{name}, line {}", nth.saturating_add(1)));
                self.read(line, set)?;
            }
        }
        self.place = None;
        if is_empty {
            return Err(self.wrong_as_a_whole(text, &format!("{name} names nobody")));
        }
        Ok(())
    }

    fn wrong(&self, text: &str, (at, why): Wrong) -> NodeSetError {
        let (text, place) = (text.to_owned(), self.place.clone());
        NodeSetError { text, place, column: Some(at.saturating_add(1)), why }
    }

    fn wrong_as_a_whole(&self, text: &str, why: &str) -> NodeSetError {
        let (text, place) = (text.to_owned(), self.place.clone());
        NodeSetError { text, place, column: None, why: why.to_owned() }
    }
}

/// The elements between commas that are in no bracket, each with where it starts. Blanks around them
/// do not count; empty ones are left out, so that a comma may be at the end.
fn split(text: &[char]) -> Result<Vec<(usize, &[char])>, Wrong> {
    let (mut elements, mut start, mut open) = (Vec::new(), 0, Vec::new());
    let mut add = |start: usize, end: usize| {
        let element = text.get(start..end).unwrap_or_default();
        let blanks = element.iter().take_while(|c| c.is_whitespace()).count();
        let element = element.get(blanks..).unwrap_or_default();
        let trailing = element.iter().rev().take_while(|c| c.is_whitespace()).count();
        let element = element.get(..element.len().saturating_sub(trailing)).unwrap_or_default();
        if !element.is_empty() {
            elements.push((start.saturating_add(blanks), element));
        }
    };
    for (at, character) in text.iter().enumerate() {
        match character {
            '[' => open.push(at),
            ']' if open.pop().is_none() => {
                return Err((at, "a bracket is closed that was not opened".to_owned()));
            }
            ',' if open.is_empty() => {
                add(start, at);
                start = at.saturating_add(1);
            }
            _ => {}
        }
    }
    match open.first() {
        Some(at) => Err((*at, "the bracket is not closed".to_owned())),
        None => {
            add(start, text.len());
            Ok(elements)
        }
    }
}

/// The parts of an element that starts at `start` of the text.
fn parts(element: &[char], start: usize) -> Result<Vec<Part>, Wrong> {
    let (mut parts, mut text) = (Vec::new(), String::new());
    let mut around_address = is_address_in_brackets(element);
    let mut at = 0;
    while let Some(character) = element.get(at) {
        let place = start.saturating_add(at);
        at = at.saturating_add(1);
        match character {
            '[' if around_address && at == 1 => text.push('['),
            ']' if around_address => {
                around_address = false;
                text.push(']');
            }
            '[' => {
                let rest = element.get(at..).unwrap_or_default();
                let Some(length) = rest.iter().position(|c| *c == ']') else {
                    return Err((place, "the bracket is not closed".to_owned()));
                };
                let inside = rest.get(..length).unwrap_or_default();
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                }
                parts.push(Part::Ranges(ranges(inside, start.saturating_add(at))?));
                at = at.saturating_add(length).saturating_add(1);
            }
            character if character.is_whitespace() || character.is_control() => {
                return Err((place, "a name has no blanks; lists have commas".to_owned()));
            }
            ',' => return Err((place, "an address in brackets has no commas in it".to_owned())),
            '@' | '^' => {
                let why = format!("'{character}' stands at the beginning of an element only");
                return Err((place, why));
            }
            character => text.push(*character),
        }
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    Ok(parts)
}

/// Whether an element begins with an IPv6 address in brackets: no range has a colon in it.
fn is_address_in_brackets(element: &[char]) -> bool {
    let mut depth = 0_usize;
    if element.first() != Some(&'[') {
        return false;
    }
    for character in element {
        match character {
            '[' => depth = depth.saturating_add(1),
            ']' if depth == 1 => return false,
            ']' => depth = depth.saturating_sub(1),
            ':' if depth == 1 => return true,
            _ => {}
        }
    }
    false
}

/// What is between brackets, which starts at `start` of the text.
fn ranges(inside: &[char], start: usize) -> Result<Vec<Range>, Wrong> {
    let (mut ranges, mut at) = (Vec::new(), start);
    for piece in inside.split(|c| *c == ',') {
        let text: String = piece.iter().collect();
        ranges.push(range(text.trim()).map_err(|why| (at, why))?);
        at = at.saturating_add(piece.len()).saturating_add(1);
    }
    Ok(ranges)
}

fn range(text: &str) -> Result<Range, String> {
    let (numbers, step) = match text.split_once('/') {
        Some((numbers, step)) => {
            let step = number(step).filter(|step| *step != 0);
            (numbers, step.ok_or_else(|| format!("'{text}': a step is a number from 1"))?)
        }
        None => (text, 1),
    };
    let (low, high) = numbers.split_once('-').unwrap_or((numbers, numbers));
    let (Some(first), Some(last)) = (number(low), number(high)) else {
        return Err(match text {
            "" => "a number or a range is missing: [1-3,7]".to_owned(),
            text => format!("'{text}' is no range of numbers: [1-3,7,9-12/2]"),
        });
    };
    if last < first {
        return Err(format!("'{text}' runs backwards: is {high}-{low} meant?"));
    }
    let width = if is_padded(low) { low.len() } else { 0 };
    if is_padded(high) && high.len() != low.len() {
        return Err(format!("'{text}': {low} and {high} have leading zeros of their own"));
    }
    Ok(Range { first, last, step, width })
}

fn is_padded(digits: &str) -> bool {
    digits.len() > 1 && digits.starts_with('0')
}

/// Digits and nothing else; `u64::from_str` would take a sign.
fn number(digits: &str) -> Option<u64> {
    let good = digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() <= 18;
    if good { digits.parse().ok() } else { None }
}

/// All names, the last range running fastest.
fn expand(parts: &[Part], before: String, found: &mut dyn FnMut(String)) {
    match parts {
        [] => found(before),
        [Part::Text(text), rest @ ..] => expand(rest, before + text, found),
        [Part::Ranges(ranges), rest @ ..] => {
            for number in ranges.iter().flat_map(|range| range.numbers()) {
                expand(rest, format!("{before}{number}"), found);
            }
        }
    }
}
