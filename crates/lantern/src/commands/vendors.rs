//! What is known of makers' own events and sensors, and where from.

use ipmi_wire::vendor::{Vendor, vendors};

use super::Outcome;
use crate::error::Error;
use crate::view::vendors::{Facts, List};

pub(super) fn run(word: Option<&str>) -> Outcome {
    let Some(word) = word else {
        return Ok(Box::new(List::new(vendors())));
    };
    let found = vendors().find(|vendor| is_meant(vendor, word)).ok_or_else(|| {
        Error::usage(format!("there is no table for '{word}'"))
            .next("'lantern vendors' lists them; a maker's number will do, too")
    })?;
    Ok(Box::new(Facts::new(&found)))
}

fn is_meant(vendor: &Vendor, word: &str) -> bool {
    vendor.key().eq_ignore_ascii_case(word)
        || vendor.name().eq_ignore_ascii_case(word)
        || vendor.makers().iter().any(|(number, _)| word.parse() == Ok(*number))
}
