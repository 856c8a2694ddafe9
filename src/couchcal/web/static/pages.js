"use strict";
/* Everything works without this file. It asks nobody anything and keeps nothing. */
(function () {
  /* Times in the zone of this computer, until another one is chosen. */
  var form = document.querySelector("form[data-zone]");
  if (form) {
    var mine = "";
    try {
      mine = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
    } catch (error) {
      mine = "";
    }
    if (mine && mine !== form.dataset.zone) {
      var address = new URL(window.location.href);
      if (!address.searchParams.has("zone")) {
        address.searchParams.set("zone", mine);
        window.location.replace(address.href);
      }
    }
  }
  /* A reader of the screen hears first what is wrong, or what was done. */
  var problem = document.getElementById("problem") || document.getElementById("told");
  if (problem) {
    problem.focus();
  }
  /* One click is one wish; the server sees to that as well. */
  document.querySelectorAll("form[method=post]").forEach(function (sent) {
    sent.addEventListener("submit", function (event) {
      if (sent.dataset.sent) {
        event.preventDefault();
      }
      sent.dataset.sent = "yes";
    });
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (sent) {
      delete sent.dataset.sent;
    });
  });
})();
