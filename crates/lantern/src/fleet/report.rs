//! What is shown of many BMCs: for people, the same said once with the names of all who said it, and a
//! row for each that failed; for programs, one object, row or line each, whatever became of it.

use std::net::SocketAddr;

use indexmap::IndexMap;
use ipmi_client::Location;
use lantern_fleet::NodeSet;
use lantern_fleet::engine::End;
use serde_json::Value;

use super::view::{FLEET, FleetView, failure};
use crate::cli::Format;
use crate::error::{self, Error, Exit};
use crate::output::{self, Voice, hanging};
use crate::view::form::{line, unfit, yaml};
use crate::view::plain::{plain, plain_lines};
use crate::view::table::{Table, left};
use crate::view::{Origin, Share, Show};

/// What became of all, so far.
pub(super) struct Report<'a> {
    format: Format,
    names: &'a NodeSet,
    /// Nothing is waited for to be put together.
    endless: bool,
    /// For each BMC, in the order of names.
    parts: Vec<Part>,
    failed: usize,
}

/// What became of one.
#[derive(Debug, Default)]
pub(super) enum Part {
    #[default]
    Unknown,
    Done(Option<Share>, Option<Exit>),
    Failed(Box<error::Report>, Option<SocketAddr>),
    /// Under way when all was stopped.
    Interrupted(Option<SocketAddr>),
    NotReached,
}

impl<'a> Report<'a> {
    pub(super) fn new(format: Format, names: &'a NodeSet, endless: bool) -> Self {
        let parts = names.iter().map(|_| Part::default()).collect();
        Self { format, names, endless, parts, failed: 0 }
    }

    /// How many failed.
    pub(super) const fn failed(&self) -> usize {
        self.failed
    }

    /// Takes in what became of one, and shows it if it need not wait for others.
    pub(super) fn add(
        &mut self,
        nth: usize,
        address: Option<SocketAddr>,
        end: End<Result<Box<dyn Show>, Error>>,
    ) -> Result<(), Error> {
        let host = self.names.get(nth).unwrap_or_default();
        let mut part = match end {
            End::Done(Ok(result)) => {
                let exit = result.exit();
                let location = address.map(Location::Lan);
                let origin = Origin { host: Some(host), address: location.as_ref() };
                match result.share(self.format, origin) {
                    Ok(share) => Part::Done(Some(share), exit),
                    Err(error) => Part::Failed(told(error)?, address),
                }
            }
            End::Done(Err(error)) => Part::Failed(told(error)?, address),
            End::Interrupted => Part::Interrupted(address),
            End::NotReached | End::Late => Part::NotReached,
        };
        self.failed = self.failed.saturating_add(usize::from(matches!(part, Part::Failed(..))));
        if let Part::Done(share, _) = &mut part
            && let Some(Share::Lines(lines)) =
                share.take_if(|share| matches!(share, Share::Lines(_)))
        {
            output::print(lines)?;
        }
        if let (Format::Jsonl, Some(failure)) = (self.format, failure(host, &part)) {
            output::print(line(&failure?)?)?;
        }
        if let (true, Part::Failed(report, _)) =
            (self.endless && self.format != Format::Jsonl, &part)
        {
            Voice::new(self.format).about(host, None).warning(&short(host, report));
        }
        if let Some(place) = self.parts.get_mut(nth) {
            *place = part;
        }
        Ok(())
    }

    /// Shows what was not shown yet; how the command ends.
    pub(super) fn finish(mut self) -> Result<Option<Exit>, Error> {
        if !self.endless {
            match self.format {
                Format::Table => output::print(self.text())?,
                Format::Json => {
                    let text = serde_json::to_string_pretty(&self.object()?).map_err(unfit)?;
                    output::print(text + "\n")?;
                }
                Format::Yaml => output::print(yaml(&self.object()?)?)?,
                Format::Csv => output::print(self.sheet()?)?,
                Format::Jsonl => {}
            }
        }
        self.verdict()
    }

    /// The names of those that are so.
    fn those(&self, are: impl Fn(&Part) -> bool) -> NodeSet {
        let both = self.names.iter().zip(&self.parts);
        both.filter(|(_, part)| are(part)).map(|(name, _)| name).collect()
    }

    fn text(&self) -> String {
        let width = output::width();
        let columns = width.map(usize::from);
        let mut said: IndexMap<&str, Vec<&str>> = IndexMap::new();
        let mut problems: IndexMap<_, Vec<(&str, String)>> = IndexMap::new();
        for (name, part) in self.names.iter().zip(&self.parts) {
            match part {
                Part::Done(Some(Share::Text(text)), _) => said.entry(text).or_default().push(name),
                Part::Failed(report, _) => {
                    // Not an error, for all that is known.
                    let unknown = report.exit == Exit::Uncertain;
                    let seen: Vec<String> =
                        report.outcome.iter().flat_map(|outcome| outcome.lines(columns)).collect();
                    let key = (unknown, seen, report.cause.as_deref(), report.next.as_deref());
                    problems.entry(key).or_default().push((name, short(name, report)));
                }
                _ => {}
            }
        }
        let mut out = String::new();
        let mut section = |heading: String, body: String| {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&format!("--- {} ---\n{body}", plain(&heading)));
        };
        for (text, names) in said {
            section(counted(&names.into_iter().collect()), text.to_owned());
        }
        for ((unknown, seen, cause, next), rows) in problems {
            let names = rows.iter().map(|(name, _)| *name).collect();
            let (what, title) = if unknown { ("unknown", "UNKNOWN") } else { ("failed", "FAILED") };
            let mut table = Table::new(&[left("HOST"), left(title).flexible()]);
            rows.into_iter().for_each(|(name, why)| table.row([name.to_owned(), why]));
            let mut body = table.text(width);
            seen.iter().for_each(|seen| body.push_str(&format!("{}\n", plain_lines(seen))));
            for (name, text) in [("cause: ", cause), ("next:  ", next)] {
                if let Some(text) = text {
                    let text = plain(text);
                    body.push_str(&hanging(&format!("  {name}"), &text, columns));
                    body.push('\n');
                }
            }
            section(format!("{what}: {}", counted(&names)), body);
        }
        let stopped = [
            (
                "interrupted",
                self.those(|part| matches!(part, Part::Interrupted(_))),
                "what was sent before is not taken back: look at the state\n",
            ),
            (
                "not reached",
                self.those(|part| matches!(part, Part::NotReached)),
                "nothing was sent\n",
            ),
        ];
        for (what, names, means) in stopped {
            if !names.is_empty() {
                section(format!("{what}: {}", counted(&names)), means.to_owned());
            }
        }
        out
    }

    fn object(&mut self) -> Result<Value, Error> {
        let mut results = Vec::with_capacity(self.parts.len());
        for (name, part) in self.names.iter().zip(&mut self.parts) {
            if let Some(failure) = failure(name, part) {
                results.push(failure?);
            } else if let Part::Done(share, _) = part
                && let Some(Share::Object(object)) = share.take()
            {
                results.push(object);
            }
        }
        let count = |is: fn(&Part) -> bool| self.parts.iter().filter(|part| is(part)).count();
        let view = FleetView {
            schema: FLEET,
            bmcs: self.parts.len(),
            done: count(|part| matches!(part, Part::Done(..))),
            failed: self.failed,
            interrupted: count(|part| matches!(part, Part::Interrupted(_))),
            not_reached: count(|part| matches!(part, Part::NotReached)),
            results,
        };
        serde_json::to_value(view).map_err(unfit)
    }

    /// The columns of one BMC, between its name and why there is nothing in them.
    fn sheet(&self) -> Result<Vec<u8>, Error> {
        let columns = self.parts.iter().find_map(|part| match part {
            Part::Done(Some(Share::Rows { columns, .. }), _) => Some(columns.clone()),
            _ => None,
        });
        let columns = columns.unwrap_or_else(|| vec!["address".to_owned()]);
        let mut writer = csv::WriterBuilder::new();
        let mut writer = writer.terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let mut write = |first: &str, cells: &[String], last: &str| {
            let cells = cells.iter().map(String::as_str);
            writer.write_record([first].into_iter().chain(cells).chain([last])).map_err(unfit)
        };
        write("host", &columns, "error")?;
        for (name, part) in self.names.iter().zip(&self.parts) {
            let (why, address) = match part {
                Part::Done(Some(Share::Rows { rows, .. }), _) => {
                    for row in rows {
                        write(name, row, "")?;
                    }
                    continue;
                }
                Part::Failed(report, address) => (short(name, report), *address),
                Part::Interrupted(address) => ("interrupted".to_owned(), *address),
                Part::NotReached => ("not reached".to_owned(), None),
                Part::Done(..) | Part::Unknown => continue,
            };
            let address = address.map(|address| address.to_string()).unwrap_or_default();
            let cell = |column: &String| match column.as_str() {
                "address" => address.clone(),
                _ => String::new(),
            };
            write(name, &columns.iter().map(cell).collect::<Vec<_>>(), &why)?;
        }
        writer.into_inner().map_err(|error| unfit(error.error()))
    }

    /// One code for all: theirs, if they ended alike.
    fn verdict(&self) -> Result<Option<Exit>, Error> {
        let all = self.parts.len();
        let known = self.those(|part| matches!(part, Part::Done(..) | Part::Failed(..))).len();
        if known < all {
            if self.endless {
                return Ok(None);
            }
            return Err(Error::told(
                Exit::Interrupted,
                format!("interrupted: {known} of {all} BMCs are known"),
            )
            .next("what was sent before is not taken back: look at the state"));
        }
        let exits = self.parts.iter().map(|part| match part {
            Part::Failed(report, _) => Some(report.exit),
            Part::Done(_, exit) => *exit,
            _ => None,
        });
        let exits: Vec<_> = exits.collect();
        let exit = together(&exits);
        match (exit, self.failed) {
            (Some(exit), 1..) => {
                let names = self.those(|part| matches!(part, Part::Failed(..)));
                let unknown = exits.contains(&Some(Exit::Uncertain));
                let what = if unknown { "failed or are unknown" } else { "failed" };
                let message = format!("{} of {all} BMCs {what}: {names}", self.failed);
                Err(Error::told(exit, message))
            }
            (exit, _) => Ok(exit),
        }
    }
}

/// How a command ends that ended so on each of many BMCs.
fn together(exits: &[Option<Exit>]) -> Option<Exit> {
    let mut others = exits.iter().flatten().copied();
    let first = others.next()?;
    let alike = others.all(|exit| exit == first);
    match (alike, exits.contains(&None)) {
        (true, false) => Some(first),
        // Somewhere is something that was looked for.
        (true, true) if first == Exit::Alarm => Some(first),
        // Results that only have alarms in them are results.
        (false, false) if !exits.contains(&Some(Exit::Alarm)) => Some(Exit::Failed),
        _ => Some(Exit::Partly),
    }
}

/// An error that is about the BMC; one of writing is about all.
fn told(error: Error) -> Result<Box<error::Report>, Error> {
    match error {
        Error::Told(report) => Ok(report),
        error => Err(error),
    }
}

/// The message without the address or the name in front of it, which everybody can see beside it.
fn short(name: &str, report: &error::Report) -> String {
    let host = name.rsplit_once(':').map_or(name, |(host, _)| host);
    let known = [report.address.as_deref().unwrap_or(name), name, host];
    let rest = |known: &str| report.message.strip_prefix(known)?.strip_prefix(": ");
    known.into_iter().find_map(rest).unwrap_or(&report.message).to_owned()
}

/// Who, and how many if it is not seen at once.
fn counted(names: &NodeSet) -> String {
    match names.len() {
        1 => names.fold(),
        count => format!("{count} BMCs: {names}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_ended_alike_ends_like_one() {
        let (lost, failed, alarm) = (Some(Exit::NoSession), Some(Exit::Failed), Some(Exit::Alarm));
        for (exits, together_they_are) in [
            (&[None, None][..], None),
            (&[lost, lost], lost),
            (&[Some(Exit::Uncertain); 2], Some(Exit::Uncertain)),
            (&[lost, failed], failed),
            (&[None, lost], Some(Exit::Partly)),
            (&[None, Some(Exit::Uncertain)], Some(Exit::Partly)),
            (&[None, alarm, alarm], alarm),
            (&[alarm, alarm], alarm),
            (&[None, alarm, lost], Some(Exit::Partly)),
            (&[alarm, lost], Some(Exit::Partly)),
        ] {
            assert_eq!(together(exits), together_they_are, "{exits:?}");
        }
    }
}
