//! `pef`.

use ipmi_client::ErrorKind;

use super::{Context, Outcome};
use crate::cli::{Pef, PefFilter, PefPolicy, PefString};
use crate::error::{Error, Exit};
use crate::view::Show;
use crate::view::pef::{Changed, Filters, Info, Policies, Status, Strings};

pub(super) async fn run(command: &Pef, context: &Context<'_>) -> Outcome {
    match ask(command, context).await {
        Err(error) if error.is_without_pef() => {
            Err(Error::told(Exit::Failed, "this BMC does not know platform event filtering")
                .cause(format!("{}: {}", error.doing, error.kind))
                .next("its events are in 'lantern sel list', and 'sel follow' waits for them"))
        }
        // There is none of that number.
        Err(error) if matches!(*error.kind, ErrorKind::NotPossible(_)) => {
            Err(Error::told(Exit::Failed, error.to_string())
                .next("'lantern pef filter list' and 'pef policy list' show them"))
        }
        Err(error) => Err(error.into()),
        Ok(view) => Ok(view),
    }
}

async fn ask(command: &Pef, context: &Context<'_>) -> Result<Box<dyn Show>, ipmi_client::Error> {
    let bmc = context.bmc;
    Ok(match command {
        Pef::Info => Box::new(Info::new(&bmc.pef_info().await?)),
        Pef::Status => Box::new(Status::new(&bmc.pef_status().await?)),
        Pef::Filter(PefFilter::List) => Box::new(Filters::new(&bmc.pef_filters().await?)),
        Pef::Filter(PefFilter::Enable { number }) => {
            Box::new(Changed::filter(&bmc.enable_pef_filter(*number, true).await?))
        }
        Pef::Filter(PefFilter::Disable { number }) => {
            Box::new(Changed::filter(&bmc.enable_pef_filter(*number, false).await?))
        }
        Pef::Policy(PefPolicy::List) => Box::new(Policies::new(&bmc.pef_policies().await?)),
        Pef::Policy(PefPolicy::Enable { number }) => {
            Box::new(Changed::policy(&bmc.enable_pef_policy(*number, true).await?))
        }
        Pef::Policy(PefPolicy::Disable { number }) => {
            Box::new(Changed::policy(&bmc.enable_pef_policy(*number, false).await?))
        }
        Pef::String(PefString::List) => Box::new(Strings::new(&bmc.alert_strings().await?)),
    })
}
