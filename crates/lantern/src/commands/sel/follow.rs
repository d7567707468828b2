//! New events as they come, each shown at once.

use std::time::Duration;

use ipmi_client::sel::{Followed, Gap, Start};
use ipmi_wire::sel::SelRecord;

use super::lore::Lore;
use super::{is_grave, keep, wanted};
use crate::cli::{EventFilter, Format, Severities};
use crate::commands::{Context, Outcome};
use crate::error::Error;
use crate::output;
use crate::view::sel::{Event, HEADER};
use crate::view::{Origin, render_header, render_header_of_many, render_next_of};

/// How often the log is looked at.
const INTERVAL: Duration = Duration::from_secs(1);

/// What is there, then what comes.
pub(super) async fn list_and_follow(
    context: &Context<'_>,
    filter: &EventFilter,
    names: bool,
) -> Outcome {
    let log = wanted(context, filter).await?;
    let lore = Lore::of(context.bmc, &log.records, names).await?;
    // Told before the filter: what is left out was seen, too.
    let start = log.records.last().map_or(Start::Oldest, |record| Start::After(*record));
    let mut list = lore.list(&log.records, log.ending.is_complete());
    keep(&mut list, filter);
    let screen = Screen::new(context, names, lore);
    screen.header()?;
    for event in list.into_events() {
        screen.show(&event)?;
    }
    go_on(context, screen, start, filter.severities, INTERVAL).await
}

/// Only what comes.
pub(super) async fn follow(
    context: &Context<'_>,
    severities: Severities,
    interval: Duration,
    names: bool,
) -> Outcome {
    let screen = Screen::new(context, names, Lore::default());
    screen.header()?;
    go_on(context, screen, Start::Now, severities, interval).await
}

/// Ends only by an error, or when it is dropped.
async fn go_on(
    context: &Context<'_>,
    mut screen: Screen<'_>,
    start: Start,
    severities: Severities,
    interval: Duration,
) -> Outcome {
    let mut follow = context.bmc.follow_sel(start, interval);
    loop {
        match follow.next().await? {
            Followed::Event(record) => {
                let event = screen.event(&record).await?;
                if is_grave(&event, severities) {
                    screen.show(&event)?;
                }
            }
            Followed::Gap(gap) => context.voice.warning(match gap {
                Gap::Cleared => "the log was cleared: what came just before is not known",
                Gap::Deleted => "events were deleted: some may not have been shown",
                Gap::Overwritten => "so much was logged that some may not have been shown",
                Gap::Overflow => "the log is full, and the BMC says that events were lost",
            }),
            Followed::Interrupted(error) => {
                context.voice.warning(&format!("{error}; trying again until it answers"));
            }
            Followed::Resumed => context.voice.note("the BMC answers again"),
        }
    }
}

/// Where events appear.
struct Screen<'a> {
    context: &'a Context<'a>,
    names: bool,
    lore: Lore,
}

impl<'a> Screen<'a> {
    const fn new(context: &'a Context<'a>, names: bool, lore: Lore) -> Self {
        Self { context, names, lore }
    }

    /// So that whoever looks on knows that there is somebody waiting.
    fn header(&self) -> Result<(), Error> {
        // Of many BMCs, the first to come.
        let many = self.context.host;
        if many.is_some_and(|host| host.header_is_told.replace(true)) {
            return Ok(());
        }
        match self.context.format {
            Format::Table => output::print(HEADER),
            Format::Csv if many.is_some() => output::print(render_header_of_many::<Event>()?),
            Format::Csv => output::print(render_header::<Event>()?),
            Format::Json | Format::Jsonl | Format::Yaml => Ok(()),
        }
    }

    /// The event in words; what that takes is asked for when the first event wants it.
    async fn event(&mut self, record: &SelRecord) -> Result<Event, Error> {
        self.lore.learn(self.context.bmc, &[*record], self.names).await?;
        Ok(self.lore.event(record))
    }

    fn show(&self, event: &Event) -> Result<(), Error> {
        let Context { format, bmc, host, .. } = self.context;
        let address = bmc.location();
        let origin = Origin { host: host.map(|host| host.name), address: Some(&address) };
        output::print(render_next_of(event, *format, origin)?)
    }
}
