// The text of the query: CodeMirror in a shadow root, where its styles are style sheets made by script, which the
// site's strict Content-Security-Policy allows; in the document they would be style elements, which it does not.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentUnit, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { sparql } from "@codemirror/legacy-modes/mode/sparql";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const theme = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--paper)", border: "1px solid var(--edge)", borderRadius: "4px", fontSize: ".9rem" },
  "&.cm-focused": { outline: "3px solid var(--focus)", outlineOffset: "2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5", minHeight: "14rem", maxHeight: "60vh" },
  ".cm-content": { padding: ".5rem 0", caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--soft)", color: "var(--muted)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "var(--active)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selected) !important" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--tint)", outline: "1px solid var(--edge)" },
  ".cm-wrong-line": { backgroundColor: "var(--alert-bg)", boxShadow: "inset 4px 0 var(--alert)" },
  ".cm-wrong": { textDecoration: "underline wavy var(--alert)", textUnderlineOffset: ".25em" },
  ".cm-tooltip": { backgroundColor: "var(--paper)", color: "var(--ink)", border: "1px solid var(--edge)", boxShadow: "var(--shadow)", borderRadius: "4px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "16em", maxWidth: "min(46rem, 92vw)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: ".15rem .5rem", lineHeight: "1.5" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--brand)", color: "var(--brand-ink)" },
  ".cm-completionIcon": { display: "none" },
  ".cm-completionDetail": { fontFamily: "var(--sans)", fontStyle: "normal", marginLeft: "1rem", opacity: ".85" },
  ".cm-completionInfo": { fontFamily: "var(--sans)", padding: ".5rem .8rem", maxWidth: "24rem" },
  ".cm-completionInfo p": { margin: "0 0 .3rem" },
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)", fontWeight: "600" },
  { tag: tags.standard(tags.variableName), color: "var(--code-function)" },
  { tag: tags.local(tags.variableName), color: "var(--code-variable)" },
  { tag: tags.atom, color: "var(--code-term)" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: tags.meta, color: "var(--muted)" },
]);

const setWrong = StateEffect.define();
const wrong = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) if (effect.is(setWrong)) return effect.value;
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

// A browser that replaces several selected lines by itself writes a style into what it joins, which the policy refuses
// (and says so): the replacement is made here instead.
const replacing = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main;
    if (empty || event.inputType !== "insertText" || event.data === null || view.state.selection.ranges.length > 1) return false;
    event.preventDefault();
    const plain = () => view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    if (!view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, event.data, plain))) view.dispatch(plain());
    return true;
  },
});

/**
 * The editor in the place of a text area, which it keeps up to date.
 *
 * @param complete a CodeMirror completion source
 * @param typed extensions of who watches what is typed
 */
export function editor(area, host, { label, complete, typed }) {
  const root = host.attachShadow({ mode: "open" });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: area.value,
      extensions: [
        lineNumbers(), history(), drawSelection(), highlightActiveLine(), bracketMatching(), closeBrackets(),
        StreamLanguage.define(sparql), syntaxHighlighting(colours), theme, wrong, indentUnit.of("  "),
        autocompletion({ override: [complete], maxRenderedOptions: 60, icons: false }),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", autocapitalize: "off", tabindex: "0" }),
        replacing,
        EditorView.updateListener.of((update) => { if (update.docChanged) area.value = update.state.doc.toString(); }),
        // The page itself runs the query on Ctrl + Enter; here it is only kept from being a line feed.
        keymap.of([{ key: "Mod-Enter", run: () => true }, ...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
        typed,
      ],
    }),
  });
  return {
    view,
    get text() { return view.state.doc.toString(); },
    set(text) { view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }); },
    focus: () => view.focus(),
    /** Mark where a query cannot be read, counted from 1; a line alone marks the whole of it. */
    mark(line, column) {
      if (!line) { view.dispatch({ effects: setWrong.of(Decoration.none) }); return; }
      const at = view.state.doc.line(Math.min(line, view.state.doc.lines));
      const characters = [...at.text].slice(0, Math.max(0, (column ?? 1) - 1)).join("").length;
      const from = Math.min(at.from + characters, at.to);
      const word = view.state.sliceDoc(from, at.to).match(/^(\s*[\w?$:<>/.#-]+|\s*\S)/)?.[0] ?? "";
      const marks = [Decoration.line({ class: "cm-wrong-line" }).range(at.from)];
      if (word) marks.push(Decoration.mark({ class: "cm-wrong" }).range(from, from + word.length));
      view.dispatch({ effects: setWrong.of(Decoration.set(marks)), selection: { anchor: from }, scrollIntoView: true });
    },
  };
}
