//! What the code of an error means.

use crate::codes::{Code, Explained};
use crate::error::Error;
use crate::view::explain::{CodeList, CodeView};

use super::Outcome;

pub(super) fn run(word: Option<&str>) -> Outcome {
    let Some(word) = word else {
        return Ok(Box::new(CodeList { codes: Code::all().iter().map(view).collect() }));
    };
    let explained = Code::parse(word).and_then(Code::explained).ok_or_else(|| {
        Error::usage(format!("there is no code '{word}'"))
            .next("write it as the error has it, such as L0103; 'lantern explain' lists all")
    })?;
    Ok(Box::new(view(explained)))
}

fn view(explained: &Explained) -> CodeView {
    let Explained { code, title, means, steps } = *explained;
    CodeView { code, title, means, steps: steps.to_vec() }
}
