//! What the codes of errors mean.

use schemars::JsonSchema;
use serde::Serialize;

use super::schema::Source;
use super::{Rows, View};
use crate::codes::Code;
use crate::output::hanging;

/// One code.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CodeView {
    pub(crate) code: Code,
    /// The cause, in a few words.
    pub(crate) title: &'static str,
    /// How it comes about, and how it is told from its likes.
    pub(crate) means: &'static str,
    /// What to do, in this order.
    pub(crate) steps: Vec<&'static str>,
}

/// All codes.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CodeList {
    pub(crate) codes: Vec<CodeView>,
}

impl View for CodeView {
    const SCHEMA: &'static str = "lantern.error_code/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        let width = width.map(|columns| usize::from(columns).min(100));
        let Self { code, title, means, steps } = self;
        let mut text = format!("{code}: {title}\n\n{}\n\n", hanging("", means, width));
        for (n, step) in (1..).zip(steps) {
            text.push_str(&hanging(&format!("{n}. "), step, width));
            text.push('\n');
        }
        text
    }
}

impl View for CodeList {
    const SCHEMA: &'static str = "lantern.error_codes/1";
    const ROWS: Option<Rows> = Some(Rows { key: "codes", schema: CodeView::SCHEMA });
    const SOURCE: Source = Source::Here;

    fn text(&self, _: Option<u16>) -> String {
        let line = |CodeView { code, title, .. }: &CodeView| format!("{code}  {title}\n");
        self.codes.iter().map(line).collect()
    }
}
