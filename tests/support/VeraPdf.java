import java.io.FileInputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;

/** Tells of each file whether it conforms to PDF/A-3a and to PDF/UA-1. Run by verapdf.py, which reads the lines:
 *  place of the file in the arguments, flavour, "rule", clause and message; at the end the same with "verdict". */
public class VeraPdf {
    public static void main(String[] files) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (int i = 0; i < files.length; i++) {
            for (PDFAFlavour flavour : List.of(PDFAFlavour.PDFA_3_A, PDFAFlavour.PDFUA_1)) {
                try (var parser = Foundries.defaultInstance().createParser(new FileInputStream(files[i]), flavour);
                     var validator = Foundries.defaultInstance().createValidator(flavour, false)) {
                    var result = validator.validate(parser);
                    String start = i + "\t" + flavour.getId() + "\t";
                    for (var broken : result.getTestAssertions()) {
                        String message = broken.getMessage().replaceAll("\\s+", " ");
                        out.println(start + "rule\t" + broken.getRuleId().getClause() + " " + message);
                    }
                    out.println(start + "verdict\t" + (result.isCompliant() ? "conforms" : "refused"));
                }
            }
        }
    }
}
