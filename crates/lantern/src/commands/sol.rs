//! `sol`: consoles over Serial over LAN, and how it is set. A console that is lost is got back, as long as somebody
//! sits there.

mod attend;

use std::time::Duration;

use ipmi_client::Bmc;
use ipmi_client::sol::Options;
use ipmi_wire::Channel;

use super::{Context, Outcome};
use crate::cli::{Sol, SolSet, sol_change};
use crate::error::{Error, Exit};
use crate::view::sol::{Deactivated, Info, Looped, Set, names};

pub(crate) use attend::{Plain, is_passing, noticed, run as attend};

pub(super) async fn run(command: &Sol, context: &Context<'_>) -> Outcome {
    let bmc = context.bmc;
    Ok(match command {
        Sol::Activate(_) | Sol::Watch(_) => {
            return Err(Error::usage("a console takes a terminal or pipes of its own")
                .next("run it as a command, for one BMC: lantern -H BMC sol activate"));
        }
        Sol::Deactivate { instance } => {
            let was_active = bmc.deactivate_console(*instance).await?;
            Box::new(Deactivated { instance: *instance, was_active })
        }
        Sol::Info { at } => {
            let settings = bmc.sol_settings(at.number()).await?;
            Box::new(Info::new(at.number(), &settings))
        }
        Sol::Set(command) => set(command, bmc).await?,
        Sol::Looptest { times, interval, instance } => {
            let options = Options { instance: *instance, ..Options::default() };
            for done in 0..*times {
                let round = async {
                    bmc.console(options).await?.deactivate().await?;
                    Ok::<_, ipmi_client::Error>(())
                };
                if let Err(error) = round.await {
                    let place = format!("after {done} of {times}");
                    return Err(Error::from(error).at(&place));
                }
                tokio::time::sleep(Duration::from_millis(*interval)).await;
            }
            Box::new(Looped { instance: *instance, times: *times })
        }
    })
}

/// Judges the words before anything is sent.
pub(super) fn check(command: &Sol) -> Result<(), Error> {
    match command {
        Sol::Set(SolSet { words, .. }) => sol_change(words).map(drop).map_err(Error::usage),
        _ => Ok(()),
    }
}

async fn set(command: &SolSet, bmc: &Bmc) -> Outcome {
    let channel = command.channel.unwrap_or(Channel::PRESENT);
    let change = sol_change(&command.words).map_err(Error::usage)?;
    let plan = change.plan(bmc.sol_settings(channel).await?)?;
    if command.dry_run {
        return Ok(Box::new(Set::dry_run(channel, &change, &plan)));
    }
    let mut written = Vec::new();
    for planned in plan {
        let name = names(&change, &planned.asked).join(", ");
        let done = bmc.set_sol_parameter(channel, planned).await;
        written.push(done.map_err(|error| Error::from(error).at(&name))?);
    }
    Ok(Box::new(Set::new(channel, &change, &written)))
}

/// Somebody else has the console.
pub(crate) fn in_use(error: Error) -> Error {
    let error = error.exit_with(Exit::InUse);
    error
        .cause("somebody else has the console, or had it and went away without giving it back")
        .next("take it with --steal, or read along with 'lantern sol watch'")
}
