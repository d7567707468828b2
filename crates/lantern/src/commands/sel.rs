//! `sel`.

use ipmi_client::Bmc;
use ipmi_wire::cmd::storage::GetSelInfo;
use ipmi_wire::sel::SelRecord;

use super::Outcome;
use crate::cli::Sel;
use crate::error::Error;
use crate::view::sel::{Info, List};

pub(super) async fn run(command: &Sel, bmc: &Bmc) -> Outcome {
    Ok(match command {
        Sel::List { no_names } => Box::new(list(bmc, !no_names).await?),
        Sel::Info => Box::new(Info::from(&bmc.send(&GetSelInfo).await?)),
    })
}

/// The log; with the sensors' names, if they are wanted and there is anything to name.
pub(crate) async fn list(bmc: &Bmc, names: bool) -> Result<List, Error> {
    let log = bmc.sel_entries().await?;
    let names = names && log.iter().any(|record| matches!(record, SelRecord::System { .. }));
    let records = if names { bmc.sdr_records().await? } else { Vec::new() };
    Ok(List::new(&log, &records))
}
