//! From names back to a nodeset, short enough to be read.
//!
//! Names that differ in nothing but numbers form a block with a dimension for each number. Dimension
//! by dimension, parts of it that agree in all others become one: what is left are boxes, each of which
//! is one element.

use std::collections::BTreeSet;

use indexmap::IndexMap;

/// A number as it is written. The order is that of classes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Number {
    /// How many digits all numbers of its kind have; 0 for those without leading zeros.
    width: usize,
    value: u64,
}

impl Number {
    fn text(self) -> String {
        let Self { width, value } = self;
        format!("{value:0width$}")
    }
}

/// For each number of a name, the numbers that may stand there.
type Block = Vec<Vec<Number>>;

pub(super) fn fold<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut shapes: IndexMap<Vec<&str>, Vec<Vec<&str>>> = IndexMap::new();
    for name in names {
        let (texts, numbers) = split(name);
        shapes.entry(texts).or_default().push(numbers);
    }
    let elements = shapes.iter().map(|(texts, names)| {
        let blocks = blocks(names);
        let dimensions = blocks.first().map_or(0, Vec::len);
        let (down, up) =
            (merged(blocks.clone(), (0..dimensions).rev()), merged(blocks, 0..dimensions));
        let [down, up] = [down, up].map(|blocks| written(texts, &blocks));
        if up.len() < down.len() { up } else { down }
    });
    elements.collect::<Vec<_>>().join(",")
}

/// The texts around the numbers, and the numbers in between: there is one text more.
fn split(name: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut texts, mut numbers) = (Vec::new(), Vec::new());
    let (mut rest, mut searched) = (name, 0);
    while let Some(at) =
        rest.get(searched..).and_then(|rest| rest.find(|c: char| c.is_ascii_digit()))
    {
        let at = searched.saturating_add(at);
        let (before, from) = rest.split_at(at);
        let length = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(length);
        // What is longer than any number that a range takes is text.
        if digits.len() > 18 {
            searched = at.saturating_add(length);
            continue;
        }
        texts.push(before);
        numbers.push(digits);
        (rest, searched) = (after, 0);
    }
    texts.push(rest);
    (texts, numbers)
}

/// Each name as a block of its own.
fn blocks(names: &[Vec<&str>]) -> Vec<Block> {
    let dimensions = names.first().map_or(0, Vec::len);
    // 100 is written like 099 is, where there is such a number.
    let mut widths = vec![BTreeSet::new(); dimensions];
    for name in names {
        for (digits, widths) in name.iter().zip(&mut widths) {
            if digits.len() > 1 && digits.starts_with('0') {
                widths.insert(digits.len());
            }
        }
    }
    let number = |(digits, widths): (&&str, &BTreeSet<usize>)| {
        let width = if widths.contains(&digits.len()) { digits.len() } else { 0 };
        vec![Number { width, value: digits.parse().unwrap_or_default() }]
    };
    names.iter().map(|name| name.iter().zip(&widths).map(number).collect()).collect()
}

/// Joins, along each dimension in turn, the blocks that agree in all others.
fn merged(mut blocks: Vec<Block>, order: impl Iterator<Item = usize>) -> Vec<Block> {
    for dimension in order {
        let mut joined: IndexMap<Block, Vec<Number>> = IndexMap::new();
        for mut block in blocks {
            let Some(own) = block.get_mut(dimension).map(std::mem::take) else { continue };
            joined.entry(block).or_default().extend(own);
        }
        let complete = |(mut block, mut numbers): (Block, Vec<Number>)| {
            numbers.sort_unstable();
            if let Some(place) = block.get_mut(dimension) {
                *place = numbers;
            }
            block
        };
        blocks = joined.into_iter().map(complete).collect();
    }
    blocks
}

fn written(texts: &[&str], blocks: &[Block]) -> String {
    let element = |block: &Block| {
        let numbers = block.iter().map(|numbers| column(numbers)).chain([String::new()]);
        texts
            .iter()
            .zip(numbers)
            .map(|(text, numbers)| format!("{text}{numbers}"))
            .collect::<String>()
    };
    blocks.iter().map(element).collect::<Vec<_>>().join(",")
}

fn column(numbers: &[Number]) -> String {
    if let [number] = numbers {
        return number.text();
    }
    let mut runs: Vec<(Number, Number)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last))
                if last.width == number.width
                    && last.value.checked_add(1) == Some(number.value) =>
            {
                *last = *number;
            }
            _ => runs.push((*number, *number)),
        }
    }
    runs.sort_unstable_by_key(|(first, _)| (first.value, first.width));
    let run = |(first, last): &(Number, Number)| match first == last {
        true => first.text(),
        false => format!("{}-{}", first.text(), last.text()),
    };
    format!("[{}]", runs.iter().map(run).collect::<Vec<_>>().join(","))
}
