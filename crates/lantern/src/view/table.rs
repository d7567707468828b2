//! Tables without lines: columns told apart by space alone, and lists of fields.

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

impl Table {
    pub(crate) fn new(columns: &[Column]) -> Self {
        let mut inner = Inner::new();
        inner.load_style(presets::NOTHING);
        inner.set_header(columns.iter().map(|column| Cell::new(column.title)));
        Self { inner, columns: columns.to_vec() }
    }

    pub(crate) fn row<I: IntoIterator<Item = String>>(&mut self, cells: I) {
        self.inner.add_row(cells.into_iter().map(Cell::new_owned));
    }

    /// Lines, each with its end, broken at `width` columns if one is given.
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
                self.inner.set_content_arrangement(ContentArrangement::Dynamic).set_width(width)
            }
            None => self.inner.set_content_arrangement(ContentArrangement::Disabled),
        };
        self.inner.trim_fmt() + "\n"
    }
}

/// Fields with their names, one a line.
pub(crate) fn fields<const N: usize>(fields: [(&str, String); N]) -> String {
    let widest = fields.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let line = |(name, value): &(&str, String)| format!("{name:widest$}  {value}\n");
    fields.iter().map(line).collect()
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
    fn fields_line_up() {
        assert_eq!(fields([("a", "1".into()), ("long", "2".into())]), "a     1\nlong  2\n");
    }
}
