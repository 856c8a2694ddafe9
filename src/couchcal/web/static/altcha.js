"use strict";
/* Does the work that a form asks for (ALTCHA: PBKDF2 until the key begins as it should), here in the browser. It asks
   nobody anything and keeps nothing. */
(function () {
  var box = document.querySelector("[data-altcha]");
  var form = box && box.closest("form");
  if (!form) {
    return;
  }
  var challenge = JSON.parse(box.dataset.altcha);
  var asked = challenge.parameters;
  var field = form.querySelector("input[name=altcha]");
  var status = box.querySelector("[role=status]");
  var AT_ONCE = 8;
  var waiting = false;
  var button = null;

  function bytes(hex) {
    var found = new Uint8Array(hex.length / 2);
    for (var at = 0; at < found.length; at++) {
      found[at] = parseInt(hex.substr(2 * at, 2), 16);
    }
    return found;
  }
  function hex(buffer) {
    return Array.prototype.map
      .call(new Uint8Array(buffer), function (byte) {
        return ("0" + byte.toString(16)).slice(-2);
      })
      .join("");
  }
  function derived(nonce, salt, tries) {
    var password = new Uint8Array(nonce.length + 4);
    password.set(nonce);
    new DataView(password.buffer).setUint32(nonce.length, tries);
    return crypto.subtle
      .importKey("raw", password, "PBKDF2", false, ["deriveBits"])
      .then(function (key) {
        var how = { name: "PBKDF2", hash: "SHA-256", salt: salt, iterations: asked.cost };
        return crypto.subtle.deriveBits(how, key, 8 * asked.keyLength);
      })
      .then(hex);
  }
  async function solve() {
    var nonce = bytes(asked.nonce);
    var salt = bytes(asked.salt);
    for (var first = 0; first < 1e6; first += AT_ONCE) {
      var some = [];
      for (var tries = first; tries < first + AT_ONCE; tries++) {
        some.push(derived(nonce, salt, tries));
      }
      var keys = await Promise.all(some);
      for (var at = 0; at < keys.length; at++) {
        if (keys[at].startsWith(asked.keyPrefix)) {
          return { counter: first + at, derivedKey: keys[at] };
        }
      }
    }
    throw new Error("no solution");
  }
  function failed() {
    waiting = false;
    status.textContent = box.dataset.cannot;
  }
  function solved(solution) {
    field.value = btoa(JSON.stringify({ challenge: challenge, solution: solution }));
    status.textContent = waiting ? "" : box.dataset.done;
    if (waiting) {
      waiting = false;
      form.requestSubmit(button);
    }
  }
  /* Who is faster than the work is sent on when it is done. This comes before the guard against double clicks. */
  form.addEventListener(
    "submit",
    function (event) {
      if (field.value) {
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
      waiting = true;
      button = event.submitter;
      status.textContent = box.dataset.working;
    },
    true,
  );
  if (window.crypto && crypto.subtle) {
    status.textContent = box.dataset.working;
    solve().then(solved, failed);
  } else {
    failed();
  }
})();
