//! A token is never lost, and a failure is never a success: for every reply, however odd.

mod bounds;
mod kept;
mod odd;
mod reading;
mod refused;
mod replies;
