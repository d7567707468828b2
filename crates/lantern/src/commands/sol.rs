//! `sol`: consoles over Serial over LAN. A console that is lost is got back, as long as somebody
//! sits there.

mod attend;

use std::time::Duration;

use ipmi_client::sol::Options;

use super::{Context, Outcome};
use crate::cli::Sol;
use crate::error::{Error, Exit};
use crate::view::sol::{Deactivated, Looped};

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

/// Somebody else has the console.
pub(crate) fn in_use(error: Error) -> Error {
    let error = error.exit_with(Exit::InUse);
    error
        .cause("somebody else has the console, or had it and went away without giving it back")
        .next("take it with --steal, or read along with 'lantern sol watch'")
}
