//! The thread pool of a training.
//!
//! A join from inside of a pool costs some ten nanoseconds, one from outside some microseconds.

use super::TrainError;
use crate::Result;

/// Runs `work` in a pool of `threads` threads, or in the global pool.
pub(super) fn inside<R: Send>(
    threads: Option<usize>,
    work: impl FnOnce() -> R + Send,
) -> Result<R> {
    let Some(threads) = threads else {
        return Ok(match rayon::current_thread_index() {
            Some(_) => work(),
            None => rayon::scope(|_| work()),
        });
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|number| format!("kerust-{number}"))
        .build()
        .map_err(|error| TrainError::Threads {
            threads,
            reason: error.to_string(),
        })?;
    Ok(pool.install(work))
}
