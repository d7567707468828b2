//! The words after a command: options with a number, and names.

use std::cell::Cell;

use anyhow::{Context, Result, bail};

/// Words that are taken one by one; what nobody took is an error.
#[derive(Debug)]
pub(crate) struct Args {
    words: Vec<(String, Cell<bool>)>,
}

impl Args {
    pub(crate) fn new(words: Vec<String>) -> Self {
        Self { words: words.into_iter().map(|word| (word, Cell::new(false))).collect() }
    }

    /// The number after `--name`, or after `--name=`.
    pub(crate) fn number(&self, name: &str, default: u64) -> Result<u64> {
        let mut words = self.words.iter();
        while let Some((word, taken)) = words.next() {
            let Some(rest) = word.strip_prefix(name) else { continue };
            let value = match rest.strip_prefix('=') {
                Some(value) => value,
                None if rest.is_empty() => {
                    let (value, taken) = words.next().with_context(|| format!("{name} what?"))?;
                    taken.set(true);
                    value.as_str()
                }
                None => continue,
            };
            taken.set(true);
            return value.parse().with_context(|| format!("{name} {value}: not a number"));
        }
        Ok(default)
    }

    /// The words that are no options, after all options were taken.
    pub(crate) fn names(&self) -> Result<Vec<&str>> {
        let left: Vec<_> =
            self.words.iter().filter(|(_, taken)| !taken.get()).map(|(word, _)| &**word).collect();
        if let Some(option) = left.iter().find(|word| word.starts_with('-')) {
            bail!("{option}: no such option; see `cargo xtask help`");
        }
        Ok(left)
    }

    /// Insists that there are no further words.
    pub(crate) fn finish(&self) -> Result<()> {
        match self.names()?.first() {
            Some(word) => bail!("{word}: unexpected; see `cargo xtask help`"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Args {
        Args::new(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn takes_options_from_anywhere_and_leaves_names() {
        let args = args("rakp1 --seconds 7 rmcp");
        assert_eq!(args.number("--seconds", 5).unwrap(), 7);
        assert_eq!(args.number("--minutes", 30).unwrap(), 30);
        assert_eq!(args.names().unwrap(), ["rakp1", "rmcp"]);
        assert!(args.finish().is_err());
        assert_eq!(self::args("--runs=9").number("--runs", 1).unwrap(), 9);
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        assert!(args("--second 7").names().is_err());
        assert!(args("--seconds").number("--seconds", 5).is_err());
        assert!(args("--seconds many").number("--seconds", 5).is_err());
    }
}
