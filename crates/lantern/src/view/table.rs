//! Tables without lines: columns told apart by space alone, and lists of fields.

use super::plain::plain;
use crate::output::hanging;
use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table as Inner, presets,
};

/// A table in the making.
#[derive(Debug)]
pub(crate) struct Table {
    inner: Inner,
    columns: Vec<Column>,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    title: &'static str,
    align: CellAlignment,
    gap: u16,
    flexible: bool,
}

/// A column of words.
pub(crate) const fn left(title: &'static str) -> Column {
    Column { title, align: CellAlignment::Left, gap: 2, flexible: false }
}

/// A column of numbers.
pub(crate) const fn right(title: &'static str) -> Column {
    Column { align: CellAlignment::Right, ..left(title) }
}

impl Column {
    /// With less space after it.
    pub(crate) const fn tight(self) -> Self {
        Self { gap: 1, ..self }
    }

    /// Broken between words where the terminal is too narrow.
    pub(crate) const fn flexible(self) -> Self {
        Self { flexible: true, ..self }
    }
}

/// What is broken into shorter pieces is a column of letters.
const READABLE: u16 = 16;

impl Table {
    pub(crate) fn new(columns: &[Column]) -> Self {
        let mut inner = Inner::new();
        inner.load_style(presets::NOTHING);
        inner.set_header(columns.iter().map(|column| Cell::new(column.title)));
        Self { inner, columns: columns.to_vec() }
    }

    pub(crate) fn row<I: IntoIterator<Item = String>>(&mut self, cells: I) {
        let cells = cells.into_iter().map(|cell| Cell::new_owned(plain(&cell).into_owned()));
        self.inner.add_row(cells);
    }

    /// The least width at which what is broken can still be read.
    fn least_width(&self) -> u16 {
        let widths = self.inner.column_max_content_widths();
        let last = self.columns.len().saturating_sub(1);
        let least = |(nth, (width, column)): (usize, (u16, &Column))| {
            let content = match column.flexible {
                true if nth == last => width.min(READABLE),
                // A terminal's own breaks would tear rows apart.
                true => 1,
                false => width,
            };
            content.saturating_add(column.gap)
        };
        let columns = widths.into_iter().zip(&self.columns).enumerate();
        columns.map(least).fold(0, u16::saturating_add)
    }

    /// Lines, each with its end, broken at `width` columns if one is given; at more, and by the
    /// terminal, where next to nothing would be left for what is broken.
    pub(crate) fn text(mut self, width: Option<u16>) -> String {
        for (inner, column) in self.inner.column_iter_mut().zip(&self.columns) {
            inner.set_padding((0, column.gap));
            inner.set_cell_alignment(column.align);
            if !column.flexible {
                inner.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        match width {
            Some(width) => {
                let width = width.max(self.least_width());
                self.inner.set_content_arrangement(ContentArrangement::Dynamic).set_width(width)
            }
            None => self.inner.set_content_arrangement(ContentArrangement::Disabled),
        };
        self.inner.trim_fmt() + "\n"
    }
}

/// Fields under headings, each with its name.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    title: Option<String>,
    lines: Vec<Line>,
}

#[derive(Debug)]
enum Line {
    Heading(String),
    Row(String, String),
}

impl Fields {
    /// With a line above them all.
    pub(crate) fn titled(title: &str) -> Self {
        Self { title: Some(title.to_owned()), lines: Vec::new() }
    }

    /// What comes belongs together.
    pub(crate) fn heading(&mut self, heading: &str) {
        self.lines.push(Line::Heading(heading.to_owned()));
    }

    pub(crate) fn row(&mut self, name: &str, value: impl Into<String>) {
        self.lines.push(Line::Row(name.to_owned(), value.into()));
    }

    /// A field, if there is a value.
    pub(crate) fn maybe(&mut self, name: &str, value: &Option<String>) {
        if let Some(value) = value {
            self.row(name, value.clone());
        }
    }

    /// What to do, in this order.
    pub(crate) fn steps(&mut self, steps: &[String]) {
        for (nth, step) in steps.iter().enumerate() {
            self.row("", format!("{}. {step}", nth.saturating_add(1)));
        }
    }

    /// Indented lines, each with its end, broken at `width` columns if one is given.
    pub(crate) fn text(&self, width: Option<u16>) -> String {
        self.lines("  ", width)
    }

    /// The same, not indented.
    pub(crate) fn flush(&self, width: Option<u16>) -> String {
        self.lines("", width)
    }

    fn lines(&self, indent: &str, width: Option<u16>) -> String {
        let names = self.lines.iter().filter_map(|line| match line {
            Line::Row(name, _) => Some(name.chars().count()),
            Line::Heading(_) => None,
        });
        let widest = names.max().unwrap_or(0);
        let title = self.title.iter().map(|title| format!("{}\n", plain(title.trim_end())));
        let lines = self.lines.iter().map(|line| match line {
            Line::Heading(heading) => format!("{}\n", plain(heading.trim_end())),
            Line::Row(name, value) => {
                let prefix = match name.as_str() {
                    "" => indent.to_owned(),
                    name => format!("{indent}{:widest$}  ", plain(name)),
                };
                let text = hanging(&prefix, &plain(value), width.map(usize::from));
                text.trim_end().to_owned() + "\n"
            }
        });
        title.chain(lines).collect()
    }
}

/// Fields with their names, one a line.
pub(crate) fn fields<const N: usize>(width: Option<u16>, named: [(&str, String); N]) -> String {
    let mut fields = Fields::default();
    named.into_iter().for_each(|(name, value)| fields.row(name, value));
    fields.flush(width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut table = Table::new(&[left("NAME"), right("VALUE").tight(), left("").flexible()]);
        table.row(["a".into(), "1".into(), "of some length, with words".into()]);
        table.row(["longer".into(), "1000".into(), String::new()]);
        table
    }

    #[test]
    fn columns_line_up_and_nothing_trails() {
        let expected = "NAME    VALUE\n\
                        a           1 of some length, with words\n\
                        longer   1000\n";
        assert_eq!(sample().text(None), expected);
        assert_eq!(sample().text(Some(80)), expected);
    }

    #[test]
    fn what_is_flexible_gives_way() {
        let text = sample().text(Some(30));
        assert!(text.lines().count() > 3, "{text}");
        assert!(text.lines().all(|line| line.len() <= 30), "{text}");
        assert!(text.contains("\na           1 of some"), "{text}");
    }

    #[test]
    fn nothing_is_broken_into_letters() {
        let text = sample().text(Some(15));
        assert!(text.contains("\na           1 of some length"), "{text}");
        assert!(text.lines().count() < 6, "{text}");
    }

    #[test]
    fn fields_line_up() {
        assert_eq!(fields(None, [("a", "1".into()), ("long", "2".into())]), "a     1\nlong  2\n");
    }
}
